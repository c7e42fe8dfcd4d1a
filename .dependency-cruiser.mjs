import { readFileSync } from 'node:fs';

/** The direction of imports: module → webhooks, deliveries → service → client → errors → api → internal. */

/** @type {(name: string, comment: string, from: object, to: object) => object} */
const forbidden = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** The entry points beside the core, each a folder of src/. */
const OPTIONAL_PARTS =
  'deliveries|redis|sandbox|openapi|health|telemetry|testing|doctor|conformance|schematics|board|tracking|pages|ui';

const { peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'));
const OPTIONAL_PEERS = Object.keys(peerDependenciesMeta).join('|');

export default {
  forbidden: [
    forbidden('no-cycles', 'Files that import each other cannot be read one by one.', {}, { circular: true }),
    forbidden(
      'internal-imports-nothing',
      'internal/ is for every folder.',
      { path: '^src/internal/' },
      { path: '^src/', pathNot: '^src/internal/' },
    ),
    forbidden(
      'api-imports-internal-only',
      "api/ is Lalamove's API as data and types.",
      { path: '^src/api/' },
      { path: '^src/', pathNot: '^src/(api|internal)/' },
    ),
    forbidden(
      'errors-import-api-and-internal-only',
      'An exception does not know how a call is made.',
      { path: '^src/errors/' },
      { path: '^src/', pathNot: '^src/(errors|api|internal)/' },
    ),
    forbidden(
      'client-imports-errors-and-below',
      'The client does not know Nest modules, webhooks or deliveries.',
      { path: '^src/client/' },
      { path: '^src/', pathNot: '^src/(client|errors|api|internal)/' },
    ),
    forbidden(
      'nest-imports-internal-only',
      'Handler discovery and module builders serve webhooks and deliveries alike.',
      { path: '^src/nest/' },
      { path: '^src/', pathNot: '^src/(nest|internal)/' },
    ),
    forbidden(
      'webhooks-import-below',
      'Webhooks need neither the client nor deliveries.',
      { path: '^src/webhooks/' },
      { path: '^src/(client|deliveries|sandbox)/' },
    ),
    forbidden(
      'core-imports-no-optional-part',
      'Who uses the core alone loads no other entry point.',
      { path: '^src/', pathNot: `^src/(${OPTIONAL_PARTS})/` },
      { path: `^src/(${OPTIONAL_PARTS})/` },
    ),
    forbidden(
      'core-imports-no-optional-peer',
      'Who uses the core alone need not install the peers of other entry points.',
      { path: '^src/', pathNot: `^src/(${OPTIONAL_PARTS})/` },
      { path: `/node_modules/(${OPTIONAL_PEERS})/` },
    ),
    forbidden(
      'deliveries-and-redis-import-no-later-part',
      'Health, telemetry, OpenAPI and testing are built on deliveries, not the other way round.',
      { path: '^src/(deliveries|redis)/' },
      { path: '^src/(openapi|health|telemetry|testing|doctor|conformance|sandbox|board|tracking)/' },
    ),
    forbidden(
      'redis-uses-the-limiter-alone',
      'The store in Redis uses the client that the app hands in, and imports no Redis library.',
      { path: '^src/redis/' },
      { path: '.*', pathNot: '^(src/(redis|internal|client/rate-limit)/|node:|crypto$)' },
    ),
    forbidden(
      'sandbox-shares-little',
      'The sandbox is an oracle: it shares facts with the client, and no behaviour.',
      { path: '^src/sandbox/' },
      { path: '^src/', pathNot: '^src/(sandbox/|api/|internal/|pages/|errors/error-catalog)' },
    ),
    forbidden(
      'pages-import-internal-only',
      'How a page is served does not depend on what it shows.',
      { path: '^src/pages/' },
      { path: '^src/', pathNot: '^src/(pages|internal)/' },
    ),
    forbidden(
      'ui-is-browser-code',
      'A browser cannot load the modules of the server: it shares their types alone.',
      { path: '^src/ui/' },
      { path: '^(src/(?!ui/)|node:)', dependencyTypesNot: ['type-only'] },
    ),
    forbidden(
      'ui-is-bundled-alone',
      'Node loads no browser code. A page uses what is shared, and no other page.',
      { path: '^src/(?!ui/)' },
      { path: '^src/ui/' },
    ),
    forbidden(
      'ui-pages-are-apart',
      'A page uses src/ui/shared, and no other page.',
      { path: '^src/ui/([^/]+)/' },
      { path: '^src/ui/', pathNot: '^src/ui/(shared|$1)/' },
    ),
    forbidden(
      'domain-is-pure',
      'Decisions depend on a snapshot, a policy and the time alone.',
      { path: '^src/deliveries/domain/' },
      { path: '.*', pathNot: '^src/(deliveries/domain/|deliveries/events/delivery-event|api/|internal/)' },
    ),
    forbidden(
      'sql-in-storage-alone',
      'The rest of deliveries speaks to storage.ts, whatever the database is.',
      { path: '^src/', pathNot: '^src/deliveries/storage/' },
      { path: '/(kysely|libsql)/' },
    ),
    forbidden(
      'declared-dependencies-only',
      'What src/ imports is a dependency or a peer of the package. The browser code is bundled.',
      { path: '^src/', pathNot: '^src/ui/' },
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
