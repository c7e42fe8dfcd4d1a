import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const sandbox = await LalamoveSandbox.start(); // sandbox.url, sandbox.apiKey, sandbox.apiSecret
await sandbox.stop();
