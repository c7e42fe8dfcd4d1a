#!/usr/bin/env node
import { wordsOf } from '../internal/log-line.js';
import { runConformanceCommand } from './run-conformance-command.js';

const stop = new AbortController();
const end = (): void => {
  process.stderr.write('Stopping: what was placed is cancelled first.\n');
  stop.abort();
};
process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end);
// A reader that has gone away, such as `| head` or a closed terminal, must not end the process before it has cancelled.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

runConformanceCommand(process.argv.slice(2), {
  env: process.env,
  signal: stop.signal,
  print: (text) => process.stdout.write(text),
  warn: (text) => process.stderr.write(text),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  },
);
