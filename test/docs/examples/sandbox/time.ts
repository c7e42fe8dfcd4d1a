import { LalamoveModule } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';

const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
const sandbox = await LalamoveSandbox.start({ clock });
const { apiKey, apiSecret, url: baseUrl } = sandbox;
LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, clock, rateLimit: false });
await sandbox.advance('4m 59s'); // a quotation is still valid
await sandbox.advance('2h'); // expiries, drivers, webhooks and their retries happen, each at its time
await sandbox.stop();
