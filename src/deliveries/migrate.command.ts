#!/usr/bin/env node
import { endCommand } from './command-result.js';
import { migrateStorage } from './migrate-storage.js';

void migrateStorage(process.argv.slice(2)).then(endCommand);
