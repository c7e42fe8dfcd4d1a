import { VersioningType, type INestApplication } from '@nestjs/common';

export function prepare(app: INestApplication): void {
  app.setGlobalPrefix('api'); // the endpoint is at /api/webhooks/lalamove
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }); // and not at /api/v1/…
}

export function prepareWithoutPrefix(app: INestApplication): void {
  app.setGlobalPrefix('api', { exclude: ['webhooks/lalamove'] }); // the endpoint is at /webhooks/lalamove
}
