#!/usr/bin/env node
import { runDoctor } from './run-doctor.js';

const isColoured = process.stdout.isTTY && (process.env.NO_COLOR ?? '') === '';

void runDoctor(process.argv.slice(2), { env: process.env, isColoured }).then(({ code, out, err }) => {
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = code;
});
