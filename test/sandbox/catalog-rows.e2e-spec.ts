import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpModule } from '@nestjs/axios';
import { ERROR_CATALOG, LalamoveModule, type ErrorRow } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import type { Policy } from '../errors/answering-hosts.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost, type HostApp } from '../support/host-app.js';
import { RULES, WITHOUT_RULE, type Dialect, type Provocation } from './refusal-provocations.js';
import { BytesController, Stage, OTHER_CUSTOMER, THAI, WebhookController } from './refusal-stage.js';

const rowOf = ({ code, status }: { code: string; status: number }): string => `${status} ${code}`;

/** Every row of the catalog in each of its statuses. */
const CATALOG = ERROR_CATALOG.flatMap(({ code, statuses }) => statuses.map((status) => rowOf({ code, status })));

const sandboxes = new Map<Dialect, LalamoveSandbox>();

beforeAll(async () => {
  for (const dialect of ['v3', 'v2'] as const) {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const wrongCredentials = dialect === 'v2' ? 'bad-gateway' : 'unauthorized';
    const options = {
      clock,
      dialect,
      validation: 'codes',
      wrongCredentials,
      accounts: [OTHER_CUSTOMER, THAI],
    } as const;
    sandboxes.set(dialect, await LalamoveSandbox.start(options));
  }
});

afterAll(async () => {
  for (const sandbox of sandboxes.values()) await sandbox.stop();
});

describe('the table of refusals', () => {
  it('has every row of the catalog in every status, by a rule or with a reason why there is no rule', () => {
    const ruled = new Set(RULES.map(rowOf));
    expect([...ruled, ...WITHOUT_RULE.map(rowOf)].sort()).toEqual([...CATALOG].sort());
  });
});

describe.each(PLATFORMS)('the refusals of the sandbox, on %s', (platform) => {
  describe.each<Policy>(['mirror', 'gateway'])('%s', (policy) => {
    const stages = new Map<Dialect, Stage>();
    const hosts: HostApp[] = [];

    beforeAll(async () => {
      for (const [dialect, sandbox] of sandboxes) {
        const account = accountOn(sandbox, { clock: sandbox.clock, errors: { status: policy } });
        const imports = [HttpModule, LalamoveModule.forRoot(account)];
        const controllers = [StorefrontController, BytesController, WebhookController];
        const host = await startHost(platform, { imports, controllers });
        hosts.push(host);
        stages.set(dialect, new Stage(sandbox, host));
      }
    });

    afterAll(async () => {
      for (const { app } of hosts) await app.close();
    });

    // Each case starts with an empty sandbox: no orders, no counted requests, a full wallet.
    beforeEach(async () => {
      for (const sandbox of sandboxes.values()) await sandbox.control.clear();
    });

    it.each([...RULES, ...WITHOUT_RULE])('$status $code in $dialect, by $by', async (provocation) => {
      const { code, status, dialect, provoke, isInjected = false } = provocation;
      const stage = stages.get(dialect);
      const row = ERROR_CATALOG.find((each) => each.code === code);
      if (!stage || !row) throw new Error(`There is no stage for ${dialect}, or no row for ${code}.`);
      const answer = await provoke(stage);

      // The sandbox sent this refusal, and a rule made it.
      const sent = stage.sandbox.requests.at(-1)?.answer;
      expect([sent?.status, codeIn(sent?.body ?? '')]).toEqual([status, code.startsWith('ERR_') ? code : undefined]);
      const log = await stage.sandbox.control.log();
      expect(log.some(({ kind }) => kind === 'fault')).toBe(isInjected);

      const { status: statusCode, conceals } = expected(provocation, row, policy);
      expect(answer.status).toBe(statusCode);
      expect(answer.body).toEqual({
        statusCode,
        error: expect.stringMatching(/^[A-Z]/),
        message: conceals ? NEUTRAL : (row.bare?.[status] ?? row.message),
        code: conceals ? 'LALAMOVE_UNAVAILABLE' : code,
        errors: conceals ? [] : listed(provocation, row, sent?.body ?? ''),
        requestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      });
      // For a full bucket the headers say when it will be empty.
      expect(answer.headers.get('retry-after')).toEqual(status === 429 ? expect.stringMatching(/^[1-9]\d*$/) : null);
    });
  });
});

const NEUTRAL = 'The delivery service is not available at the moment. Please try again later.';

/** Lalamove's code in a body. */
function codeIn(body: string): string | undefined {
  return /ERR_[A-Z_]+/.exec(body)?.[0];
}

/** What the host's consumer must get under a policy, by the catalog's row. */
function expected(
  { status, reads = false }: Provocation,
  { gateway, whenReading }: ErrorRow,
  policy: Policy,
): { status: number; conceals: boolean } {
  const isTheirs = reads && whenReading !== undefined;
  if (policy === 'mirror' || isTheirs) return { status, conceals: false };
  if (status >= 500) return { status: 502, conceals: true };
  return { status: gateway ?? status, conceals: gateway !== undefined };
}

/** The one error in the sandbox's body, as the consumer reads it. A bare status has none. */
function listed({ code, pointer }: Provocation, { message }: ErrorRow, sentBody: string): object[] {
  if (!sentBody.startsWith('{')) return [];
  const { errors } = JSON.parse(sentBody) as { errors?: { message?: string }[] };
  const said = errors?.[0]?.message ?? message;
  // The consumer's body is the input of the call, without the envelope `data`.
  const field = pointer?.startsWith('/data/') ? pointer.slice('/data'.length) : undefined;
  return [{ code, message: said, ...(pointer !== undefined && { pointer }), ...(field !== undefined && { field }) }];
}
