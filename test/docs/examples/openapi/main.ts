import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

export function serveDocument(app: INestApplication): void {
  const config = new DocumentBuilder().setTitle('Shop').build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config));
}
