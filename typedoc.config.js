import { readFileSync } from 'node:fs';

const { name, exports: entryPoints } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The reference of the API, out of docstrings: `npm run docs:api` writes it to dist/api. */
export default {
  name,
  entryPoints: Object.values(entryPoints).flatMap(({ import: built }) =>
    built === undefined ? [] : [built.default.replace('./dist/esm/', 'src/').replace(/\.js$/, '.ts')],
  ),
  tsconfig: 'tsconfig.json',
  out: 'dist/api',
  readme: 'none',
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  treatValidationWarningsAsErrors: true,
  // Properties whose names say all need no sentence of their own.
  requiredToBeDocumented: ['Class', 'Interface', 'Function', 'Method', 'Accessor', 'Variable', 'TypeAlias'],
  // Tables from which exported types are derived, and parts that only Nest's injector passes to a constructor.
  intentionallyNotExported: [
    'src/api/endpoints.ts:ENDPOINTS',
    'src/api/order-status.ts:ORDER_STATUSES',
    'src/client/shared-parts.ts:SharedParts',
    'src/deliveries/application/durable-inbox.ts:DurableInbox',
    'src/deliveries/deliveries.service.ts:DeliveriesServiceParts',
    'src/deliveries/domain/delivery-policy.ts:InPart',
    'src/deliveries/events/on-delivery.decorator.ts:DeliveryHandlerDecorator',
    'src/deliveries/storage/open-storage.ts:OpenStorage',
    'src/deliveries/storage/open-storage.ts:StorageContext',
    'src/errors/error-catalog.ts:ROWS',
    'src/nest/async-options.ts:AsyncOptions',
    'src/openapi/answer-schema.ts:DocsOf',
    'src/openapi/answer-schema.ts:Merged',
    'src/openapi/answer-schema.ts:NamesOf',
    'src/openapi/delivery-exceptions.ts:EXCEPTIONS',
    'src/sandbox/api/refusal.ts:REFUSAL_SHAPES',
    'src/sandbox/faults/fault-rule.ts:EventName',
    'src/sandbox/simulation/driver-script.ts:CANCEL_PARTIES',
    'src/tracking/deliveries-tracking.ts:DeliveriesTrackingParts',
    'src/webhooks/events/account-events.ts:Raw',
    'src/webhooks/events/event-data.ts:EventData',
    'src/webhooks/events/lalamove-event.ts:EventClasses',
    'src/webhooks/events/on-lalamove-event.decorator.ts:EventHandlerDecorator',
    'src/webhooks/events/order-events.ts:Raw',
    'src/webhooks/events/stop-events.ts:Raw',
    'src/webhooks/lalamove-webhooks.ts:LalamoveWebhooksParts',
    'src/webhooks/webhook.exceptions.ts:REFUSALS',
  ],
};
