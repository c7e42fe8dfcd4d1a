import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { readCities } from '../api/answers/city.js';
import { sign } from '../api/signature.js';
import { exchange, type Answer, type NoAnswer } from '../doctor/http-exchange.js';
import { readErrorBody } from '../errors/error-body.js';
import { isRecord } from '../internal/is-record.js';
import { parsedJson } from '../internal/parsed-json.js';
import { Blanking } from './blank-exchange.js';
import type { RecordedExchange } from './recorded-exchange.js';
import {
  LIMIT_REQUESTS,
  LIMIT_STEP,
  SCENARIO,
  type Findings,
  type ScenarioMarket,
  type ScenarioRequest,
  type Step,
} from './scenario.js';

/** At most two orders a second are allowed. */
const ORDER_PAUSE_MS = 600;
/** How often a cancellation is tried, because an order must not stay. */
const MAX_CANCELLATIONS = 3;

/** The API that a scenario runs against. */
export interface Target {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly market: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** The pause before each request, in ms. */
  readonly pauseMs: number;
}

/** A step as it was run. */
export interface StepRun {
  readonly step: Step;
  /** `undefined` if the step could not be sent. */
  readonly answer: Answer | NoAnswer | undefined;
  /** The status of the order before the step. */
  readonly orderStatus: string | undefined;
}

/** Runs the scenario against one API, records it, and cancels what it places. */
export class ScenarioRun {
  readonly steps: StepRun[] = [];
  readonly exchanges: RecordedExchange[] = [];
  /** Whether an order may exist whose id is not known, because its answer was lost. */
  hasUnknownOrder = false;
  readonly #found: Findings = { serviceType: 'MOTORCYCLE', stopIds: [] };
  /** Orders that were placed and not cancelled yet. */
  readonly #open = new Set<string>();
  readonly #blanking: Blanking;
  #orderedAt = 0;

  constructor(
    private readonly target: Target,
    private readonly market: ScenarioMarket,
  ) {
    this.#blanking = new Blanking([target.apiKey, target.apiSecret]);
  }

  /** The service that is quoted. It is taken from the list of cities, if they have other services. */
  get serviceType(): string {
    return this.#found.serviceType;
  }

  set serviceType(serviceType: string) {
    this.#found.serviceType = serviceType;
  }

  /** Whether a driver was assigned at any time. */
  get hadDriver(): boolean {
    return this.#found.driverId !== undefined;
  }

  /** The orders that could not be cancelled. */
  get leftOver(): readonly string[] {
    return [...this.#open];
  }

  /** Runs all steps, or those before the signal, and cancels what was placed. */
  async run({
    limits,
    signal,
    onStep,
  }: {
    limits: boolean;
    signal?: AbortSignal | undefined;
    onStep?: ((step: string) => void) | undefined;
  }): Promise<void> {
    try {
      for (const step of SCENARIO) {
        if (signal?.aborted) return;
        onStep?.(step.name);
        await this.#runStep(step);
      }
      // Before the limit is used up, which would refuse the cancellation too.
      await this.#cancelAll();
      if (limits && !signal?.aborted) {
        onStep?.(LIMIT_STEP.name);
        await this.#exceedLimit(signal);
      }
    } finally {
      await this.#cancelAll();
    }
  }

  async #runStep(step: Step): Promise<void> {
    const request = step.request(this.#found, this.market);
    const { orderStatus } = this.#found;
    const answer = request && (await this.#send(step.name, request));
    this.steps.push({ step, answer, orderStatus });
    if (answer && 'status' in answer) this.#learn(step.name, answer);
  }

  /** Only the last answer is compared: how many requests fit into the limit depends on the time. */
  async #exceedLimit(signal: AbortSignal | undefined): Promise<void> {
    const request = LIMIT_STEP.request(this.#found, this.market);
    if (!request) return;
    let answer: Answer | NoAnswer | undefined;
    for (let sent = 0; sent < LIMIT_REQUESTS && !signal?.aborted; sent += 1) {
      answer = await this.#exchange(request);
      if (!('status' in answer) || answer.status === 429) break;
    }
    if (answer) this.#record(LIMIT_STEP.name, request, answer);
    this.steps.push({ step: LIMIT_STEP, answer, orderStatus: undefined });
  }

  async #send(step: string, request: ScenarioRequest): Promise<Answer | NoAnswer> {
    const places = request.method === 'POST' && request.path === '/v3/orders';
    await pause(this.target.pauseMs);
    if (places) {
      await pause(Math.max(0, this.#orderedAt + ORDER_PAUSE_MS - Date.now()));
      this.#orderedAt = Date.now();
    }
    const answer = await this.#exchange(request);
    if (places) this.#keepOrder(answer);
    this.#record(step, request, answer);
    return answer;
  }

  #keepOrder(answer: Answer | NoAnswer): void {
    if ('status' in answer && answer.status >= 400 && answer.status < 500) return;
    const id = 'status' in answer ? textOf(dataOf(answer).orderId) : undefined;
    if (id === undefined) this.hasUnknownOrder = true;
    else this.#open.add(id);
  }

  #exchange(request: ScenarioRequest): Promise<Answer | NoAnswer> {
    const { baseUrl, timeoutMs } = this.target;
    const { method, path } = request;
    const body = bodyOf(request);
    return exchange({
      method,
      url: baseUrl + path,
      headers: this.#headersOf(request, body),
      ...(body !== '' && { body }),
      timeoutMs,
    });
  }

  #headersOf({ method, path, market, isBadlySigned = false }: ScenarioRequest, body: string): Record<string, string> {
    const { apiKey, apiSecret } = this.target;
    const timestamp = String(Date.now());
    const signature = sign(isBadlySigned ? `${apiSecret}x` : apiSecret, { timestamp, method, path, body });
    return {
      Authorization: `hmac ${apiKey}:${timestamp}:${signature}`,
      Market: market ?? this.target.market,
      'Request-ID': randomUUID(),
      Accept: 'application/json',
      'User-Agent': 'lalamove-conformance',
      ...(body !== '' && { 'Content-Type': 'application/json' }),
    };
  }

  #record(step: string, request: ScenarioRequest, answer: Answer | NoAnswer): void {
    const body = bodyOf(request);
    const now = new Date().toUTCString();
    this.exchanges.push({
      step,
      request: {
        method: request.method,
        path: request.path,
        headers: this.#blanking.headers(this.#headersOf(request, body)),
        body: this.#blanking.body(body),
      },
      response:
        'status' in answer
          ? {
              status: answer.status,
              headers: this.#blanking.headers(answer.headers),
              body: this.#blanking.body(answer.text),
            }
          : { error: answer.code },
      recordedAt: 'status' in answer ? (answer.headers.date ?? now) : now,
    });
  }

  #learn(step: string, answer: Answer): void {
    const found = this.#found;
    const data = dataOf(answer);
    if (step === 'cities') found.serviceType = serviceOf(answer) ?? found.serviceType;
    if (step === 'quote') {
      const id = textOf(data.quotationId);
      if (id !== undefined) found.quotationId = id;
      const stops: unknown[] = Array.isArray(data.stops) ? data.stops : [];
      found.stopIds = stops.flatMap((stop) => (isRecord(stop) ? (textOf(stop.stopId) ?? []) : []));
    }
    const orderId = textOf(data.orderId);
    if (step === 'place' && orderId !== undefined) found.orderId = orderId;
    if (orderId === undefined || orderId !== found.orderId) return;
    const [status, driverId] = [textOf(data.status), textOf(data.driverId)];
    if (status !== undefined) found.orderStatus = status;
    if (driverId !== undefined) found.driverId = driverId;
  }

  /** Cancels every order that is open. What cannot be cancelled stays in `leftOver`. */
  async #cancelAll(): Promise<void> {
    for (const orderId of this.#open) {
      for (let attempt = 1; attempt <= MAX_CANCELLATIONS; attempt += 1) {
        if (await this.#cancel(orderId)) break;
        await pause(this.target.pauseMs);
      }
    }
  }

  async #cancel(orderId: string): Promise<boolean> {
    const path = `/v3/orders/${orderId}`;
    const answer = await this.#exchange({ method: 'DELETE', path });
    const isDone = isCancelled(answer) || (await this.#isOver(path));
    if (isDone) this.#open.delete(orderId);
    return isDone;
  }

  async #isOver(path: string): Promise<boolean> {
    const order = await this.#exchange({ method: 'GET', path });
    const status = 'status' in order ? (textOf(dataOf(order).status) ?? '') : '';
    return /^(CANCELL?ED|EXPIRED|REJECTED|COMPLETED)$/.test(status);
  }
}

/** Whether an order is cancelled: by this request, or by the scenario before. */
function isCancelled(answer: Answer | NoAnswer): boolean {
  if (!('status' in answer)) return false;
  return answer.status === 204 || readErrorBody(answer.text, (it) => it).errors[0]?.code === 'ERR_CANCELLATION';
}

function bodyOf({ data }: ScenarioRequest): string {
  if (data === undefined) return '';
  return typeof data === 'string' ? data : JSON.stringify({ data });
}

/** A text that is not empty. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function dataOf({ text }: Answer): Record<string, unknown> {
  const body = parsedJson(text);
  return isRecord(body) && isRecord(body.data) ? body.data : {};
}

/** A service that every market has, else the first one of the first city. */
function serviceOf({ text }: Answer): string | undefined {
  const services = citiesOf(text).flatMap((city) =>
    isRecord(city) && Array.isArray(city.services) ? [city.services.flatMap((each: unknown) => keyOf(each))] : [],
  );
  const [first = []] = services;
  return first.includes('MOTORCYCLE') ? 'MOTORCYCLE' : first[0];
}

function keyOf(service: unknown): string[] {
  return isRecord(service) && typeof service.key === 'string' ? [service.key] : [];
}

/** The cities of an answer, unchecked. */
export function citiesOf(text: string): unknown[] {
  const body = parsedJson(text);
  return isRecord(body) ? (readCities(body.data) ?? []) : [];
}
