import type { IncomingMessage, ServerResponse } from 'node:http';
import { operationsOfPath, type FoundOperation } from '../../api/endpoints.js';
import { isRecord } from '../../internal/is-record.js';
import type { FaultInjector } from '../faults/fault-injector.js';
import type { CallFault } from '../faults/fault-rule.js';
import { magicCallFault, magicValuesOf } from '../faults/magic-values.js';
import { hideSecrets } from '../hide-secrets.js';
import { keepLatest } from '../keep-latest.js';
import { milliseconds } from '../clock/duration.js';
import { realPause } from '../clock/real-pause.js';
import { OPERATION_HANDLERS } from './operation-handlers.js';
import type { SandboxCall, SandboxParts } from './sandbox-call.js';
import { RateLimits, type Caller } from './rate-limits.js';
import { inSchema, inV2, Refusal, writeRefusal, type WrittenAnswer } from './refusal.js';
import { callOf, pathnameOf, seeRequest, type SeenRequest, type StoredRequest } from './seen-request.js';
import { envelope, sendAnswer } from './send-answer.js';

/** The result of a call: the answer, and functions that send the webhooks due before and after it. */
interface Worked {
  readonly answer: WrittenAnswer | undefined;
  readonly early: () => Promise<void>;
  readonly late: () => void;
}

const NO_WEBHOOKS = { early: () => Promise.resolve(), late: () => undefined };

/** Answers requests as Lalamove does, and applies faults. */
export class ApiServer {
  /** The latest requests, oldest first. */
  readonly requests: SeenRequest[] = [];
  readonly #limits: RateLimits;
  readonly #late = new Set<Promise<void>>();
  readonly #working = new Set<Promise<void>>();
  #count = 0;
  #isStopped = false;

  constructor(
    private readonly parts: SandboxParts,
    private readonly faults: FaultInjector,
  ) {
    this.#limits = new RateLimits(parts.world);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, settings, log } = this.parts.world;
    const next = { number: () => (this.#count += 1), at: () => clock.now() };
    const seen = await seeRequest(request, next, settings);
    this.#remember(seen);
    const { number, method, path, operation, verdict } = seen;
    log.add({ kind: 'request', number, method, path: hideSecrets(path, settings.accounts), operation, verdict });

    const fault = this.#faultOf(seen);
    if (fault?.latencyMs) await realPause(fault.latencyMs);
    if (this.#isStopped) return;
    const working = this.#carryOut(seen, response, fault);
    this.#working.add(working);
    try {
      await working;
    } finally {
      this.#working.delete(working);
    }
  }

  async #carryOut(seen: SeenRequest, response: ServerResponse, fault: CallFault | undefined): Promise<void> {
    const work = fault?.work ?? (fault?.answer === undefined ? 'done' : 'skipped');
    if (work === 'late') this.#doLater(seen, milliseconds(fault?.lateBy ?? '2m'));
    const worked = work === 'done' ? await this.#work(seen) : { answer: undefined, ...NO_WEBHOOKS };
    await worked.early();
    const answer = sendAnswer(response, this.parts.world, worked.answer, fault?.answer);
    if (answer) {
      seen.answer = answer;
      this.#touch(seen);
      const { status } = answer;
      this.parts.world.log.add({ kind: 'answer', number: seen.number, status, ...codeOf(answer) });
    }
    worked.late();
  }

  /** Carries out a request some time after its answer was lost. */
  workLate(request: StoredRequest): void {
    const work = this.#workLate(request);
    this.#late.add(work);
    void work.then(() => this.#late.delete(work));
  }

  async #workLate(request: StoredRequest): Promise<void> {
    try {
      const { early, late } = await this.#work(request);
      await early();
      late();
    } catch (error) {
      // No client waits for an answer, so the error goes to the log.
      const why = error instanceof Error ? error.message : String(error);
      this.parts.world.log.add({ kind: 'fault', number: undefined, id: 'late-work', what: `failed: ${why}` });
    }
  }

  /** Resolves when no request is being worked on. Requests that a fault delays or leaves unanswered do not count. */
  async quiet(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
    await this.idle();
  }

  /** Resolves when no late request is being carried out. */
  async idle(): Promise<void> {
    while (this.#late.size > 0) await Promise.all(this.#late);
  }

  clear(): void {
    this.requests.length = 0;
  }

  /** Carries out no more requests, not even those that have arrived already. */
  stop(): void {
    this.#isStopped = true;
  }

  #touch({ number }: SeenRequest): void {
    this.parts.world.changes.touch('request', String(number));
  }

  #remember(seen: SeenRequest): void {
    this.requests.push(seen);
    this.#touch(seen);
    keepLatest(this.requests, this.parts.world.settings.historyLimit);
  }

  /**
   * The fault of a request: a rule that matches, or a magic value of the order. A magic value applies once per
   * quotation.
   */
  #faultOf(seen: SeenRequest): CallFault | undefined {
    const injected = this.faults.takeCallFault(seen.operation, seen.number);
    if (injected) seen.fault = injected.id;
    if (injected || seen.operation !== 'placeOrder' || !seen.signed) return injected;
    const data = dataOf(seen.body) ?? {};
    const magic = magicValuesOf(data);
    const fault = magicCallFault(magic);
    const quoted = this.parts.world.state.quotations.get(String(data.quotationId));
    if (!fault || !quoted || quoted.isMagicSpent) return undefined;
    quoted.isMagicSpent = true;
    seen.fault = 'magic';
    this.parts.world.log.add({ kind: 'fault', number: seen.number, id: 'magic', what: magic.join(', ') });
    return fault;
  }

  #doLater({ method, path, headers, body, address, apiKey, operation, at }: SeenRequest, lateByMs: number): void {
    const request = { method, path, headers, body, address, apiKey, operation };
    this.parts.world.scheduler.add({ at: at + lateByMs, kind: 'late-work', request });
  }

  async #work(request: StoredRequest): Promise<Worked> {
    let limits: Readonly<Record<string, string>> = {};
    // A timer can fire late, so everything that is due by now runs first.
    this.parts.world.scheduler.catchUp();
    try {
      const { caller, found } = this.#recognise(request);
      const allowance = this.#limits.take(found.operation, caller);
      limits = allowance.headers;
      if (!allowance.isAllowed) throw new Refusal('ERR_RATE_LIMIT_EXCEEDED');
      if (found.operation === 'placeOrder') this.#limits.admitOrder(caller);
      const call = this.#admit(request, caller, found);
      const { result, early, late } = this.parts.publisher.during(
        () => OPERATION_HANDLERS[found.operation](call),
        found.operation === 'placeOrder' && this.parts.world.settings.unknowns.orderCreated === 'before-answer',
      );
      const { status, data } = await result;
      return { answer: { status, headers: limits, body: data === undefined ? '' : envelope(data) }, early, late };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { answer: this.#refused(error, limits), ...NO_WEBHOOKS };
    }
  }

  /** Checks what Lalamove's gateway checks before it counts a request: key and signature, path, method. */
  #recognise({ apiKey, method, path, headers, address }: StoredRequest): { caller: Caller; found: FoundOperation } {
    if (apiKey === undefined) {
      const isBare = this.parts.world.settings.wrongCredentials === 'bad-gateway';
      throw isBare
        ? new Refusal('LALAMOVE_SERVER_ERROR', { status: 502, shape: 'html' }, 'LALAMOVE_SERVER_ERROR')
        : new Refusal('LALAMOVE_UNAUTHORIZED');
    }
    const found = callOf(method, path);
    if (!found) {
      const hasOthers = operationsOfPath(pathnameOf(path)).length > 0;
      throw hasOthers ? new Refusal('LALAMOVE_UNKNOWN_ERROR', { status: 405 }) : new Refusal('LALAMOVE_NOT_FOUND');
    }
    return { caller: { address, apiKey, market: headers.market?.toUpperCase() ?? '' }, found };
  }

  /** Checks what all calls have in common: a known market, an account that may use it, and a readable body. */
  #admit({ body }: StoredRequest, { apiKey, market }: Caller, { ids }: FoundOperation): SandboxCall {
    const facts = this.parts.world.settings.marketFacts(market);
    if (!facts) throw new Refusal('ERR_INVALID_MARKET');
    const account = this.parts.world.settings.accounts.find((each) => each.apiKey === apiKey);
    if (account?.market !== undefined && account.market !== market) throw new Refusal('ERR_INVALID_COUNTRY');
    const data = body === '' ? {} : dataOf(body);
    if (!data) throw new Refusal('ERR_MALFORMED_JSON_BODY');
    return { ...this.parts, tenant: { apiKey, market }, facts, ids, data };
  }

  #refused(refusal: Refusal, limits: Readonly<Record<string, string>>): WrittenAnswer {
    const { dialect, refusalShape, validation } = this.parts.world.settings;
    const inV3 = validation === 'schema' ? inSchema(refusal) : refusal.answer;
    const answer = dialect === 'v2' ? inV2(refusal) : inV3;
    const shape = answer.shape ?? refusalShape ?? (dialect === 'v2' ? 'message' : undefined);
    const written = writeRefusal({ ...answer, ...(shape && { shape }) });
    return { ...written, headers: { ...written.headers, ...limits } };
  }
}

/** The `data` of the envelope, or `undefined` if the body is not JSON. Without an envelope it is an empty object. */
function dataOf(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && isRecord(parsed.data) ? parsed.data : {};
  } catch {
    return undefined;
  }
}

function codeOf({ status, body }: { status: number; body: string }): { code?: string } {
  const code = status < 400 ? undefined : /ERR_[A-Z_]+/.exec(body)?.[0];
  return code === undefined ? {} : { code };
}
