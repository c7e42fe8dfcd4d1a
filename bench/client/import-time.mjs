// A separate process that measures once how long one module takes to load after Nest, axios and class-validator.
//   node bench/client/import-time.mjs esm|cjs <what>
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const PRELOADED = [
  'reflect-metadata',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/axios',
  'axios',
  'rxjs',
  'class-validator',
  'class-transformer',
];

const [system, what] = process.argv.slice(2);
const load = system === 'cjs' ? createRequire(import.meta.url) : (name) => import(name);

for (const name of PRELOADED) await load(name);
const start = performance.now();
await load(what);
const milliseconds = performance.now() - start;
console.log(JSON.stringify({ milliseconds }));
