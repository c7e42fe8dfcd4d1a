import { Injectable, Module, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { DeliveriesBoardModule } from 'nestjs-lalamove/board';

/** What your login has written into the request. */
interface OperatorRequest {
  headers: { authorization?: string };
  operator?: { id: string; mayAct: boolean };
}

@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<OperatorRequest>();
    // In place of your own session or token.
    const [, user = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const [id = '', password = ''] = Buffer.from(user, 'base64').toString().split(':');
    if (id === '' || password !== process.env.OPERATOR_PASSWORD) {
      const answer = context.switchToHttp().getResponse<{ header(name: string, value: string): unknown }>();
      answer.header('www-authenticate', 'Basic realm="Operators"'); // So a browser asks for name and password.
      throw new UnauthorizedException();
    }
    request.operator = { id, mayAct: id !== 'guest' };
    return true;
  }
}

@Module({
  imports: [
    DeliveriesBoardModule.forRoot({
      path: 'operations/deliveries',
      guard: OperatorGuard,
      user: ({ operator }: OperatorRequest) => operator?.id,
      readOnly: ({ operator }: OperatorRequest) => operator?.mayAct !== true,
    }),
  ],
})
export class BoardModule {}
