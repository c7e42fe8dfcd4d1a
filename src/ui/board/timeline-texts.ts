import type { InspectedEntry } from '../../deliveries/inspection.js';
import type { Tone } from '../shared/elements.js';
import { words } from '../shared/format.js';
import { money } from './money.js';
import { fieldName, reasonText } from './reasons.js';

/** What an entry of the timeline says. */
export interface Said {
  readonly title: string;
  readonly text?: string;
  readonly tone: Tone;
}

/** The members of an event. They were stored, maybe by another version of the package. */
type Facts = Readonly<Record<string, unknown>>;

function text(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function price(facts: Facts): string {
  return money(text(facts, 'total'), text(facts, 'currency'));
}

function why(facts: Facts): string {
  const { reason } = facts;
  if (typeof reason !== 'object' || reason === null) return '';
  const code: unknown = Reflect.get(reason, 'code');
  const message: unknown = Reflect.get(reason, 'message');
  if (typeof code !== 'string') return '';
  const { title } = reasonText({ code, message: typeof message === 'string' ? message : code });
  return `${title} (${code}).`;
}

function fields(facts: Facts): string {
  const list: unknown[] = Array.isArray(facts.fields) ? facts.fields : [];
  return list
    .filter((field) => typeof field === 'string')
    .map(fieldName)
    .join(', ');
}

/** ` by …`, if somebody is named. */
function by(facts: Facts): string {
  const name = text(facts, 'by');
  return name === '' ? '' : ` by ${name}`;
}

const order = (facts: Facts): string => `order ${text(facts, 'orderId')}`;

const BECAUSE: Readonly<Record<string, string>> = {
  REJECTED: 'Drivers have rejected the order.',
  EXPIRED: 'No driver has taken the order in time.',
  OUTCOME_UNKNOWN: 'The outcome of the last attempt stayed unknown, and the policy goes on.',
  RESOLVED: 'An operator has decided so.',
};

const HOW: Readonly<Record<string, string>> = {
  order: 'gave the id of its order',
  rebook: 'had it booked again',
  cancel: 'ended it without an order',
};

type Sayer = (facts: Facts) => Said;

const EVENTS: Readonly<Record<string, Sayer>> = {
  requested: () => ({
    title: 'Booked by your app',
    text: 'It is stored. Lalamove has not been asked yet.',
    tone: 'neutral',
  }),
  quoted: (facts) => ({ title: `Lalamove quotes ${price(facts)}`, tone: 'neutral' }),
  booked: (facts) => ({
    title: `Ordered for ${price(facts)}`,
    text: `Attempt ${text(facts, 'attempt')}: Lalamove has ${order(facts)}, and looks for a driver.`,
    tone: 'info',
  }),
  outcome_unknown: (facts) => ({
    title: 'The answer was lost',
    text: `Attempt ${text(facts, 'attempt')}: nobody knows if Lalamove has the order. Until then, no other is placed.`,
    tone: 'warn',
  }),
  assigning: (facts) => ({ title: 'A driver is looked for again', text: `For ${order(facts)}.`, tone: 'info' }),
  driver_assigned: (facts) => ({ title: `Driver ${text(facts, 'driverId')} has the order`, tone: 'info' }),
  on_going: () => ({ title: 'The driver is on the way to the pick-up', tone: 'info' }),
  picked_up: () => ({ title: 'Picked up', text: 'The driver is on the way to the drop-offs.', tone: 'info' }),
  completed: () => ({ title: 'Completed', tone: 'good' }),
  canceled: (facts) => ({
    title: 'Canceled',
    text: text(facts, 'orderId') === '' ? 'Nothing was ordered.' : `With ${order(facts)}.`,
    tone: 'neutral',
  }),
  failed: (facts) => ({ title: 'Failed', text: why(facts), tone: 'bad' }),
  needs_attention: (facts) => ({ title: 'Needs attention', text: why(facts), tone: 'warn' }),
  rebooking: (facts) => ({
    title: 'Booked again',
    text: BECAUSE[text(facts, 'because')] ?? words(text(facts, 'because')),
    tone: 'neutral',
  }),
  corrected: (facts) => ({ title: `Corrected${by(facts)}`, text: `Changed: ${fields(facts)}.`, tone: 'info' }),
  resolved: (facts) => ({
    title: `Resolved${by(facts)}`,
    text: `The operator ${HOW[text(facts, 'how')] ?? words(text(facts, 'how'))}.`,
    tone: 'info',
  }),
  driver_change_asked: (facts) => ({
    title: 'Another driver was asked for',
    text: `In place of ${text(facts, 'driverId')}.`,
    tone: 'neutral',
  }),
  fee_raised: (facts) => ({ title: `Priority fee raised to ${text(facts, 'priorityFee')}`, tone: 'neutral' }),
  price_changed: (facts) => ({ title: `The price is ${price(facts)} now`, tone: 'neutral' }),
  replaced: (facts) => ({
    title: 'Customer service has replaced the order',
    text: `${text(facts, 'prevOrderId')} became ${text(facts, 'orderId')}.`,
    tone: 'info',
  }),
  cancel_requested: (facts) => ({ title: `Cancellation asked for${by(facts)}`, tone: 'neutral' }),
  cancel_refused: (facts) => ({
    title: 'Lalamove does not cancel it any more',
    text: `${text(facts, 'code')}. The delivery goes on.`,
    tone: 'warn',
  }),
  duplicate_found: (facts) => ({
    title: 'A second order has turned up',
    text: `It is ${order(facts)}, and is canceled.`,
    tone: 'warn',
  }),
  duplicate_canceled: (facts) => ({
    title: 'The second order is canceled',
    text: `It was ${order(facts)}.`,
    tone: 'good',
  }),
  duplicate_kept: (facts) => ({
    title: 'A second courier is on the road',
    text: `Lalamove does not cancel ${order(facts)} (${text(facts, 'code')}).`,
    tone: 'bad',
  }),
  duplicate_ended: (facts) => ({
    title: 'The second order has ended',
    text: `${text(facts, 'orderId')}: ${words(text(facts, 'status'))}.`,
    tone: 'neutral',
  }),
  duplicate_adopted: (facts) => ({
    title: 'The second order is the delivery’s order now',
    text: `It is ${order(facts)}.`,
    tone: 'info',
  }),
};

/** A webhook, with the status that it names. */
function webhook(type: string, payload: string | undefined): Said {
  const title = words(type);
  const status = statusIn(payload);
  return { title, ...(status !== '' && { text: `Status: ${words(status)}` }), tone: 'neutral' };
}

function statusIn(payload: string | undefined): string {
  try {
    const data: unknown = JSON.parse(payload ?? 'null');
    const order: unknown = Reflect.get(Object(data), 'order');
    const status: unknown = Reflect.get(Object(order), 'status');
    return typeof status === 'string' ? status.slice(0, 60) : '';
  } catch {
    return '';
  }
}

/** What an entry says. One of an unknown type shows its name. */
export function saidBy(entry: InspectedEntry): Said {
  if (entry.source === 'webhook') return webhook(entry.eventType, entry.payload);
  if (entry.source === 'unreadable')
    return {
      title: 'This entry cannot be read',
      text: `${words(entry.eventType)}: its row is damaged, or of another version.`,
      tone: 'bad',
    };
  const facts: Facts = { ...entry.event };
  const sayer = Object.hasOwn(EVENTS, entry.event.type) ? EVENTS[entry.event.type] : undefined;
  return sayer ? sayer(facts) : { title: words(entry.event.type), tone: 'neutral' };
}
