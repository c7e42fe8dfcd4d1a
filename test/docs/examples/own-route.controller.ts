import type { IncomingMessage } from 'node:http';
import {
  BadRequestException,
  Controller,
  HttpCode,
  Post,
  Req,
  ServiceUnavailableException,
  type RawBodyRequest,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LalamoveWebhooks } from 'nestjs-lalamove';

@Controller('hooks')
export class HooksController {
  constructor(private readonly webhooks: LalamoveWebhooks) {} // another account: @InjectLalamoveWebhooks('thailand')

  @Post()
  @HttpCode(200)
  async receive(@Req() { rawBody, headers }: RawBodyRequest<IncomingMessage>): Promise<void> {
    // The probe has no body. Any other request without a rawBody was read by another body parser: refuse it.
    const isLost = rawBody === undefined && (headers['transfer-encoding'] ?? headers['content-length'] ?? '0') !== '0';
    if (isLost) throw new ServiceUnavailableException('The body was read by another body parser.');
    await this.webhooks.handle(rawBody ?? '', { path: '/hooks' });
  }
}

/** On Fastify, before the app listens. */
export function acceptEmptyJson(app: NestFastifyApplication): void {
  app.useBodyParser('application/json', {}, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(body.toString()));
    } catch {
      done(new BadRequestException());
    }
  });
}
