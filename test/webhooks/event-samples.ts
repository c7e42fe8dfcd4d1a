import type { LalamoveEventFacts } from 'nestjs-lalamove';
import {
  LalamoveSandbox,
  SandboxClock,
  WEBHOOK_EVENT_TYPES,
  type SandboxUnknowns,
  type SandboxWebhook,
  type WebhookEventType,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** The time of the sampled orders, a whole minute and some seconds. */
export const SAMPLED_AT = '2026-11-22T08:00:42Z';

/** The default facts of an event. */
const FACTS: Omit<LalamoveEventFacts, 'eventType' | 'data'> = {
  eventId: 'B35F478A-2136-4566-9430-C419C2A8762F',
  fingerprint: 'fingerprint',
  signedAt: Date.parse(SAMPLED_AT),
  receivedAt: Date.parse(SAMPLED_AT) + 250,
  account: undefined,
  apiKey: 'pk_test_hidden',
};

/** The facts of an event. */
export function factsOf(
  eventType: string,
  data: object | string,
  more: Partial<LalamoveEventFacts> = {},
): LalamoveEventFacts {
  return { ...FACTS, eventType, data: typeof data === 'string' ? data : JSON.stringify(data), ...more };
}

/** All events of two orders of a sandbox: one is edited, gets a priority fee and is delivered; one is replaced. */
export async function sandboxEvents(metadata: SandboxUnknowns['metadata']): Promise<SandboxWebhook[]> {
  const clock = new SandboxClock({ speed: 0, startAt: SAMPLED_AT });
  const sandbox = await LalamoveSandbox.start({
    clock,
    rateLimits: false,
    deliveryCodes: true,
    unknowns: { metadata },
  });
  const receiver = await WebhookReceiver.start();
  const { lalamove, close } = await startLalamove(accountOn(sandbox, { clock }));
  try {
    await lalamove.setWebhookUrl(receiver.url);
    const place = async (): Promise<string> => {
      const order = orderOf(await lalamove.createQuotation(QUOTATION));
      return (await lalamove.placeOrder({ ...order, isPODEnabled: true })).orderId;
    };
    const delivered = await place();
    // Several times, so that both spellings of the subtotal occur.
    for (const priorityFee of ['20', '30', '40', '50', '60', '70', '80', '90']) {
      await lalamove.addPriorityFee(delivered, { priorityFee });
    }
    sandbox.moveOrder(delivered, 'ON_GOING');
    await lalamove.editOrder(delivered, EDIT);
    sandbox.moveOrder(delivered, 'PICKED_UP');
    sandbox.moveOrder(delivered, 'COMPLETED');
    const canceled = await place();
    sandbox.drive(canceled, { do: 'replace' });
    const { replacedBy = '' } = await sandbox.control.order(canceled);
    sandbox.drive(replacedBy, { do: 'cancel' });
    await sandbox.advance('10m');
    await sandbox.control.setBalance({ market: 'HK' }, '1000');
    await sandbox.advance(0);
    return (await sandbox.control.webhooks()).events;
  } finally {
    await close();
    await receiver.stop();
    await sandbox.stop();
  }
}

/** The JSON text of `data` of the last event of each type. */
export function samplesOf(events: readonly SandboxWebhook[]): Map<WebhookEventType, string> {
  return new Map(
    WEBHOOK_EVENT_TYPES.map((type) => {
      const sample = events.findLast(({ eventType }) => eventType === type);
      if (!sample) throw new TypeError(`The sandbox has sent no ${type}.`);
      return [type, sample.data];
    }),
  );
}
