import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { LalamoveSandbox, type SandboxWebhook } from 'nestjs-lalamove/sandbox';
import { freePort } from '../support/free-port.js';

let sandbox: LalamoveSandbox;
let receiver: Server | undefined;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start({ webhooks: { timeoutMs: 1000, retryPauses: ['1h'] } });
});

afterEach(async () => {
  receiver?.close();
  receiver?.closeAllConnections();
  receiver = undefined;
  await sandbox.stop();
});

/** A receiver that answers like this. `0` closes the connection, `-1` says nothing. */
async function receiving(status: number, body = ''): Promise<string> {
  receiver = createServer((incoming, response) => {
    if (status === 0) incoming.socket.destroy();
    else if (status > 0) incoming.resume().on('end', () => response.writeHead(status).end(body));
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  return `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
}

type Attempt = SandboxWebhook['attempts'][number];

/** The first attempt to send an event to this URL. */
async function attemptAt(url: string, market = 'HK'): Promise<Attempt> {
  sandbox.setWebhookUrl(url, { market });
  await sandbox.control.sendEvent({ market }, 'NEWS', {});
  for (;;) {
    const attempt = (await sandbox.control.webhooks()).events.at(-1)?.attempts[0];
    if (attempt) return attempt;
    await pause(10);
  }
}

describe('the explanation of a webhook that was not received', () => {
  it.each([
    [401, /does not accept the signature\. It covers the path \/hooks, with the secret of pk_test_sandbox/],
    [403, /guard/],
    [404, /path differs: an app answers at 127\.0\.0\.1:\d+, and has no POST \/hooks/],
    [405, /takes no POST/],
    [400, /cannot read the body/],
    [302, /redirects/],
    [503, /receiver failed/],
    [204, /Only the status 200/],
    [0, /closed the connection without an answer/],
    [-1, /took too long/],
  ])('names what %d usually means', async (status, explanation) => {
    const host = await receiving(status);
    expect((await attemptAt(`http://${host}/hooks`)).explanation).toMatch(explanation);
  });

  it('has the beginning of the answer', async () => {
    const host = await receiving(404, `{"message":"Cannot POST /hooks"}${'x'.repeat(1000)}`);
    const attempt = await attemptAt(`http://${host}/hooks`);
    expect(attempt).toMatchObject({ status: 404, answer: expect.stringMatching(/^\{"message":"Cannot POST/) });
    expect(attempt.answer).toHaveLength(500);
  });

  it('names an app that does not run', async () => {
    const port = await freePort();
    const { explanation, error } = await attemptAt(`http://127.0.0.1:${port}/hooks`);
    expect([error, explanation]).toEqual([
      expect.stringContaining('ECONNREFUSED'),
      `No app listens at 127.0.0.1:${port}. Start it, or register the URL with the port on which it listens.`,
    ]);
  });

  it('names a name that is not known, and an app without TLS', async () => {
    expect((await attemptAt('http://no-such-host.invalid/hooks')).explanation).toMatch(/not known here/);
    const host = await receiving(200);
    expect((await attemptAt(`https://${host}/hooks`, 'SG')).explanation).toMatch(/does not speak TLS/);
  });

  it('blames a fault for the signature that it has made wrong', async () => {
    sandbox.addFault({ webhook: 'badly-signed' });
    const host = await receiving(401);
    expect((await attemptAt(`http://${host}/hooks`)).explanation).toMatch(/^A fault has made the signature wrong/);
  });

  it('is absent if the event was received', async () => {
    const host = await receiving(200, 'thanks');
    expect(await attemptAt(`http://${host}/hooks`)).toEqual({ at: expect.any(String), status: 200 });
  });
});
