import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The staff's password, by the environment variable STAFF_PASSWORD. Without it, each start makes a new one. */
export const STAFF_PASSWORD = process.env.STAFF_PASSWORD ?? randomBytes(9).toString('base64url');

/** Lets the staff in, by HTTP Basic authentication. A real shop would use its own login. */
@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { headers } = http.getRequest<IncomingMessage>();
    if (isStaff(headers.authorization)) return true;
    const response = http.getResponse<ServerResponse & { header?: (name: string, value: string) => unknown }>();
    response.header?.('www-authenticate', 'Basic realm="Staff", charset="UTF-8"');
    throw new UnauthorizedException();
  }
}

function isStaff(authorization = ''): boolean {
  const given = Buffer.from(authorization);
  const expected = Buffer.from(`Basic ${Buffer.from(`staff:${STAFF_PASSWORD}`).toString('base64')}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
