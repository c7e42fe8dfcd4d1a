import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves the shop's API at `/docs`: the inputs are DTOs of the package, which describe themselves. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder().setTitle('Noodle shop').setVersion('1').build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config));
}
