import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'dist/main.js',
  platform: 'node',
  // What is loaded only if you use it. Remove from the list what you have installed and use.
  external: [
    /^@nestjs\/(microservices|websockets|platform-fastify)/,
    /^@fastify\//,
    'class-transformer/storage',
    'libsql',
    'kysely',
  ],
  output: { file: 'bundle/main.mjs', format: 'esm', codeSplitting: false, keepNames: true },
});
