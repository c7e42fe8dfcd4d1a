import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { SandboxControl } from 'nestjs-lalamove/sandbox';
import { OTHER, endOf, Scene, HK, refused, CONTROLS } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  describe('webhooks', () => {
    const events = (): { eventId: string; eventType: string; data: unknown; timestamp: number; signature: string }[] =>
      scene.receiver.bodies.map((body) => JSON.parse(body) as ReturnType<typeof events>[number]);

    it('are listed with each attempt, until the URL is disabled', async () => {
      await scene.registerWebhooks();
      await control.addFault({ webhook: 'lost', event: 'WALLET_BALANCE_CHANGED' });
      const orderId = await scene.book();
      await control.advance(0);
      const url = { apiKey: scene.sandbox.apiKey, market: 'HK', url: scene.hooks, isDisabled: false };
      const at = '2026-11-22T08:00:00.000Z';
      const created = {
        eventType: 'ORDER_CREATED',
        orderId,
        market: 'HK',
        apiKey: scene.sandbox.apiKey,
        occurredAt: at,
      };
      expect(await control.webhooks()).toMatchObject({
        urls: [url],
        events: [
          { eventType: 'WALLET_BALANCE_CHANGED', state: 'lost', attempts: [] },
          { ...created, state: 'delivered', attempts: [{ at, status: 200 }] },
          { ...created, eventType: 'ORDER_STATUS_CHANGED', state: 'delivered', attempts: [{ at, status: 200 }] },
        ],
      });
      scene.receiver.status = 503;
      await control.moveOrder(orderId, 'EXPIRED');
      await control.advance(0);
      expect((await control.webhooks()).events[3]).toMatchObject({ state: 'pending', attempts: [{ at, status: 503 }] });
      await control.advance('1m');
      const { urls, events } = await control.webhooks();
      expect(urls).toEqual([{ ...url, isDisabled: true }]);
      expect(events[3]).toMatchObject({
        eventType: 'ORDER_STATUS_CHANGED',
        state: 'abandoned',
        attempts: [{ at }, { at: '2026-11-22T08:01:00.000Z', status: 503 }],
      });
      await scene.registerWebhooks();
      expect((await control.webhooks()).urls).toEqual([{ ...url, isDisabled: true }]);
      scene.receiver.status = 200;
      await scene.registerWebhooks();
      expect((await control.webhooks()).urls).toEqual([url]);
    });

    it('of any type and content are sent, signed, to the URL of an account', async () => {
      await scene.registerWebhooks({ ...OTHER, market: 'SG' });
      const data = { driver: { mood: 'märchenhaft 🚚' }, updatedAt: 'never' };
      await control.sendEvent({ market: 'sg', apiKey: OTHER.apiKey }, 'DRIVER_SANG', data);
      await control.advance(0);
      const [event] = events();
      expect(event).toMatchObject({ apiKey: OTHER.apiKey, eventType: 'DRIVER_SANG', eventVersion: 'v3', data });
      const signature = createHmac('sha256', OTHER.apiSecret)
        .update(`${event?.timestamp ?? ''}\r\nPOST\r\n/hooks\r\n\r\n${JSON.stringify(data)}`)
        .digest('hex');
      expect(event?.signature).toBe(signature);
      expect(await refused(control.sendEvent({ market: 'XX' }, 'A', {}))).toMatch(/market XX/);
      expect(await refused(control.sendEvent({ market: 'HK', apiKey: 'no' }, 'A', {}))).toMatch(/no account no/);
      expect(await refused(control.sendEvent(HK, '', {}))).toMatch(/"eventType"/);
    });

    it('are sent again under their own ids', async () => {
      await scene.registerWebhooks();
      await scene.book();
      await control.advance('1s');
      const [first] = events();
      await control.resend(first?.eventId ?? '');
      await control.advance(0);
      expect(events().at(-1)).toMatchObject({ eventId: first?.eventId, data: first?.data });
      expect((await control.webhooks()).events[0]).toMatchObject({
        state: 'delivered',
        attempts: [{}, { status: 200 }],
      });
      expect(await refused(control.resend('no-such-event'))).toBe('The sandbox has sent no event no-such-event.');
    });
  });

  describe('requests', () => {
    /** A valid `Authorization` header. */
    const right = (): string => {
      const timestamp = String(scene.sandbox.clock.now());
      const signature = createHmac('sha256', scene.sandbox.apiSecret)
        .update(`${timestamp}\r\nGET\r\n/v3/cities?a=b\r\n\r\n`)
        .digest('hex');
      return `hmac ${scene.sandbox.apiKey}:${timestamp}:${signature}`;
    };

    it.each<[string, (authorization: string) => string | undefined]>([
      ['right', (authorization) => authorization],
      ['no Authorization header', () => undefined],
      ['malformed Authorization header', (authorization) => authorization.replace('hmac', 'Bearer')],
      ['malformed Authorization header', (authorization) => authorization.toUpperCase()],
      ['malformed Authorization header', (authorization) => authorization.replace(/\d{3}:/, ':')],
      ['malformed Authorization header', () => ''],
      ['unknown key', (authorization) => authorization.replace('sandbox', 'stranger')],
      ['wrong signature', (authorization) => authorization.replace(/[0-9a-f]{64}$/, '0'.repeat(64))],
      ['wrong signature', (authorization) => authorization.replace(scene.sandbox.apiKey, OTHER.apiKey)],
    ])('have the verdict of their signature: %s', async (verdict, authorizationOf) => {
      const authorization = authorizationOf(right());
      const headers = { market: 'HK', ...(authorization !== undefined && { authorization }) };
      const { status } = await fetch(`${scene.sandbox.url}/v3/cities?a=b`, { headers });
      const isRight = verdict === 'right';
      expect(status).toBe(isRight ? 200 : 401);
      const [seen] = await control.requests();
      expect(seen).toMatchObject({
        number: 1,
        at: scene.sandbox.clock.now(),
        method: 'GET',
        path: '/v3/cities?a=b',
        operation: 'getCities',
        signed: isRight,
        verdict,
        answer: { status },
      });
      expect(seen?.apiKey).toBe(isRight ? scene.sandbox.apiKey : undefined);
      expect((await control.log())[0]).toMatchObject({ kind: 'request', number: 1, verdict });
    });

    it('are listed as received, without an answer if none was sent', async () => {
      await control.addFault({ answer: 'reset' });
      expect(await endOf(scene.call('POST', '/v3/elsewhere', { text: '“ü”' }))).toMatchObject({ name: 'TypeError' });
      const [seen] = await control.requests();
      expect(seen).toMatchObject({ body: '{"data":{"text":"“ü”"}}', headers: { market: 'HK' }, address: '127.0.0.1' });
      expect(seen?.rawHeaders).toContain('HK');
      expect(seen).not.toHaveProperty('answer');
      expect(seen).not.toHaveProperty('operation');
    });
  });

  describe('the log', () => {
    it('has requests, answers, events, faults and commands, numbered without gaps', async () => {
      await scene.registerWebhooks();
      await control.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_FIELD' } });
      await scene.order(await scene.quote());
      const orderId = await scene.book();
      await control.advance(0);
      const lines = await control.log();
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((__, index) => index + 1));
      expect(new Set(lines.map(({ at }) => at))).toEqual(new Set(['2026-11-22T08:00:00.000Z']));
      expect(lines.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['request', 'answer', 'control', 'fault', 'event', 'webhook']),
      );
      expect(lines).toContainEqual(expect.objectContaining({ kind: 'control', what: 'POST /_sandbox/faults' }));
      expect(lines).toContainEqual(expect.objectContaining({ kind: 'answer', status: 422, code: 'ERR_INVALID_FIELD' }));
      expect(lines).toContainEqual(
        expect.objectContaining({
          kind: 'event',
          type: 'ORDER_CREATED',
          market: 'HK',
          orderId,
          now: 'ASSIGNING_DRIVER',
        }),
      );
    });
  });
});
