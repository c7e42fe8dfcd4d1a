import { LalamoveSandbox, SandboxClock, type LalamoveSandboxOptions } from '../../src/sandbox/index.js';

// The sandbox in its own process, so that its state survives every kill of a host.

const options = JSON.parse(process.env.CHAOS_ORACLE ?? '{}') as LalamoveSandboxOptions;
const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
const { url, apiKey, apiSecret } = await LalamoveSandbox.start({ ...options, clock });
process.on('disconnect', () => process.exit(0));
process.send?.({ url, apiKey, apiSecret });
