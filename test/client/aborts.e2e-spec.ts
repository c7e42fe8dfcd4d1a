import { afterAll, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientRequests } from './client-requests.js';
import { ORDER } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { isBackTo, listenToWarnings, resources } from './process-state.js';
import { withRawLalamove } from './raw-lalamove.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';
import { ANSWER, ASIDE, isAside, PATHS, startScene } from './stages/scene.js';
import { turn, until } from '../support/until.js';

/** The maximum real time under load; the step itself takes a few ms. */
const PROMPT_MS = 750;

const clients = new ClientRequests();

afterAll(() => {
  clients.stop();
});

describe('an abort', () => {
  it('ends 100 calls that share its signal, sent or waiting, without a warning and leaves no listener', async () => {
    const before = resources();
    const { warnings, stop } = listenToWarnings();
    const rateLimit = { perMinute: { getOrder: 60 } };
    await withRawLalamove(
      () => undefined,
      { rateLimit, deadlineMs: 120_000 },
      async (lalamove, server) => {
        const { signal, controller } = abortable();
        const failures = Array.from({ length: 100 }, () => failureOf(lalamove.getOrder('1', { signal })));
        await until(() => server.requests.length === 57);
        const abortedAt = performance.now();
        controller.abort();
        const ends = await Promise.all(failures);
        expect(performance.now() - abortedAt).toBeLessThan(PROMPT_MS);
        expect(ends.filter(({ name }) => name === 'LalamoveAbortedException')).toHaveLength(100);
        expect(ends.filter((end) => 'sentRequestId' in end && end.sentRequestId !== undefined)).toHaveLength(57);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
        await until(() => server.open === 0);
        expect([server.open, server.requests.length]).toEqual([0, 57]);
      },
    );
    stop();
    expect(warnings).not.toContain('MaxListenersExceededWarning');
    await until(() => isBackTo(before));
    expect(isBackTo(before)).toBe(true);
  });

  it('ends calls that share its signal and all wait for the rate limit, without a warning', async () => {
    const { warnings, stop } = listenToWarnings();
    const options = { rateLimit: { perMinute: { getOrder: 2 } }, deadlineMs: 3_600_000 };
    await withRawLalamove(
      (socket) => socket.write(ANSWER),
      options,
      async (lalamove, server) => {
        await lalamove.getOrder('1');
        const { signal, controller } = abortable();
        const failures = Array.from({ length: 100 }, () => failureOf(lalamove.getOrder('1', { signal })));
        expect(getEventListeners(signal, 'abort')).toHaveLength(100);
        controller.abort();
        await Promise.all(failures);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
        expect(server.requests).toHaveLength(1);
      },
    );
    // Node emits warnings in a later turn of the event loop.
    await turn();
    stop();
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });

  it('ends 100 calls that wait between two attempts, without a warning and leaves no listener', async () => {
    const { warnings, stop } = listenToWarnings();
    const refusing: RawHandler = (socket) => socket.write(http(429, '', { 'retry-after': '9' }));
    let retries = 0;
    const onRetry = (): void => {
      retries += 1;
    };
    await withRawLalamove(refusing, { hooks: { onRetry } }, async (lalamove, server) => {
      const { signal, controller } = abortable();
      const failures = Array.from({ length: 100 }, () => failureOf(lalamove.placeOrder(ORDER, { signal })));
      await until(() => retries === 100, 2000);
      controller.abort();
      const ends = await Promise.all(failures);
      expect(ends.filter(({ name }) => name === 'LalamoveAbortedException')).toHaveLength(100);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(server.requests).toHaveLength(100);
    });
    stop();
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });

  it('has no listener left of a call that waited, was sent twice and has ended', async () => {
    let answers = 0;
    const refusingOnce: RawHandler = (socket) => {
      answers += 1;
      socket.write(answers === 2 ? http(429, '') : ANSWER);
    };
    const options = { rateLimit: { ordersPerSecond: 100 }, retry: { baseDelayMs: 1 } };
    await withRawLalamove(refusingOnce, options, async (lalamove, server) => {
      const { signal } = abortable();
      await Promise.all([lalamove.placeOrder(ORDER), lalamove.placeOrder(ORDER, { signal })]);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(server.requests).toHaveLength(3);
    });
  });

  it('during a body closes the connection, and the next call opens another one', async () => {
    let answers = 0;
    const handle: RawHandler = (socket) => {
      answers += 1;
      socket.write(answers === 1 ? ANSWER.subarray(0, -5) : ANSWER);
    };
    await withRawLalamove(handle, {}, async (lalamove, server) => {
      const { signal, controller } = abortable();
      const failure = failureOf(lalamove.getOrder('1', { signal }));
      await until(() => (clients.socketTo(server)?.bytesRead ?? 0) > 0);
      controller.abort();
      expect(await failure).toMatchObject({ name: 'LalamoveAbortedException', upstreamStatus: 200 });
      await expect(lalamove.getOrder('1')).resolves.toMatchObject({ orderId: '1' });
      await until(() => server.open === 1);
      expect([server.connections, server.open]).toEqual([2, 1]);
    });
  });

  it.each(PATHS)('after the end of a call does not disturb the next call on the same connection, %s', async (path) => {
    let hanging: Socket | undefined;
    const server = await RawServer.start((socket, request) => {
      if (isAside(request)) socket.write(ANSWER);
      else hanging = socket;
    });
    const setting = { call: 'placeOrder', path, clients, stalls: 0, retry: {} } as const;
    const scene = await startScene(setting, server, { isReached: () => hanging !== undefined });
    const { signal, controller } = abortable();
    await scene.send({ ...ASIDE, signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    const next = scene.send({});
    await until(scene.isReached);
    controller.abort();
    await pause(20);
    hanging?.write(ANSWER);
    await expect(next).resolves.toMatchObject({ orderId: '1' });
    expect(server.connections).toBe(1);
    await scene.close();
    await server.stop();
  });

  it('of a call that waits for the rate limit frees its slot for the next call', async () => {
    const clock = new ManualClock();
    const rateLimit = { ordersPerSecond: 1 };
    await withRawLalamove(
      (socket) => socket.write(ANSWER),
      { clock, rateLimit },
      async (lalamove, server) => {
        await lalamove.placeOrder(ORDER);
        const { signal, controller } = abortable();
        const second = failureOf(lalamove.placeOrder(ORDER, { signal, requestId: 'second' }));
        const third = lalamove.placeOrder(ORDER, { requestId: 'third' });
        controller.abort();
        expect(await second).toMatchObject({ name: 'LalamoveAbortedException', sentRequestId: undefined });
        clock.advance(1100);
        await expect(third).resolves.toMatchObject({ orderId: '1' });
        expect(server.requests.map(requestIdOf).slice(1)).toEqual(['third']);
        expect(clock.waiting).toBe(0);
      },
    );
  });

  it('of the last call that waits for the rate limit leaves no timer', async () => {
    const clock = new ManualClock();
    const rateLimit = { ordersPerSecond: 1 };
    await withRawLalamove(
      (socket) => socket.write(ANSWER),
      { clock, rateLimit },
      async (lalamove) => {
        await lalamove.placeOrder(ORDER);
        const { signal, controller } = abortable();
        const failures = [1, 2].map(() => failureOf(lalamove.placeOrder(ORDER, { signal })));
        expect(clock.waiting).toBe(1);
        controller.abort();
        await Promise.all(failures);
        expect(clock.waiting).toBe(0);
      },
    );
  });

  it('of a call that waits for a socket frees the socket for the next call', async () => {
    const held: Socket[] = [];
    const httpAgent = new Agent({ maxSockets: 1, keepAlive: true });
    await withRawLalamove(
      (socket) => held.push(socket),
      { http: { httpAgent } },
      async (lalamove, server) => {
        const first = lalamove.placeOrder(ORDER, { requestId: 'first' });
        await until(() => held.length === 1);
        const { signal, controller } = abortable();
        const second = failureOf(lalamove.placeOrder(ORDER, { signal, requestId: 'second' }));
        const third = lalamove.placeOrder(ORDER, { requestId: 'third' });
        controller.abort();
        expect(await second).toMatchObject({ name: 'LalamoveAbortedException', sentRequestId: undefined });
        held[0]?.write(ANSWER);
        await first;
        await until(() => held.length === 2);
        held[1]?.write(ANSWER);
        await third;
        expect(server.requests.map(requestIdOf)).toEqual(['first', 'third']);
        expect(server.connections).toBe(1);
      },
    );
    httpAgent.destroy();
  });
});

/** A signal and a function that fires it. */
function abortable(): { signal: AbortSignal; controller: AbortController } {
  const controller = new AbortController();
  return { signal: controller.signal, controller };
}

/** The call that a raw request belongs to. */
function requestIdOf(request: string): string | undefined {
  return /request-id: (\S+)/i.exec(request)?.[1];
}
