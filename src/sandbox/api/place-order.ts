import type { Order, OrderStop } from '../../api/answers/order.js';
import { isRecord, isStringMap } from '../../internal/is-record.js';
import { MAGIC_VALUES, magicValuesOf } from '../faults/magic-values.js';
import { deliveryCode, NO_DELIVERY_CODE } from '../state/delivery-code.js';
import { shareLink } from '../state/share-link.js';
import type { OrderEntry, StopContact } from '../state/order-entry.js';
import type { QuotationEntry } from '../state/quotation-entry.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-call.js';
import { contactOf, displayPhone } from './read-stops.js';
import { RefusalCollector } from './refusal-collector.js';
import { booleanOf, refuseUnknownMembers, requiredArray, requiredString, type Data } from './read-fields.js';
import { quotationOf } from './quotation-calls.js';
import { Refusal } from './refusal.js';

const PERSON_MEMBERS = ['stopId', 'name', 'phone'];
const RECIPIENT_MEMBERS = [...PERSON_MEMBERS, 'remarks'];
const ORDER_MEMBERS = [
  'quotationId',
  'sender',
  'recipients',
  'isPODEnabled',
  'isRecipientSMSEnabled',
  'partner',
  'metadata',
];

/** The valid content of a request. */
interface OrderInput {
  readonly contacts: readonly StopContact[];
  readonly isProofEnabled: boolean;
  readonly metadata: Record<string, string> | undefined;
  readonly magic: readonly string[];
}

/**
 * `POST /v3/orders`. It is not known whether Lalamove accepts two orders of one quotation: see
 * `unknowns.reorderedQuotation`.
 */
export function placeOrder(call: SandboxCall): SandboxAnswer {
  const { world, wallets, orders, simulator, tenant, data } = call;
  const quoted = quotationOf(call, requiredString(data, 'quotationId'));
  const now = world.clock.now();
  const isSpent = quoted.timesOrdered > 0 && world.settings.unknowns.reorderedQuotation === 'refused';
  if (now >= quoted.expiresAt || isSpent) throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  if (quoted.isScheduled && now > quoted.scheduleAt) throw new Refusal('ERR_INVALID_SCHEDULE_TIME', '/data/scheduleAt');
  const input = orderInput(call, quoted);
  if (!wallets.canPay(tenant, quoted.total)) throw new Refusal('ERR_INSUFFICIENT_CREDIT');
  const entry = newEntry(call, quoted, input);
  quoted.timesOrdered += 1;
  orders.place(entry, quoted.total);
  simulator.begin(entry);
  return { status: 201, data: entry.order };
}

/** Checks the request. The answer lists everything that is wrong with it. */
function orderInput(call: SandboxCall, quoted: QuotationEntry): OrderInput {
  const { data } = call;
  const refusals = new RefusalCollector();
  const contacts = refusals.check(() => contactsOf(call, quoted)) ?? [];
  const isProofEnabled = refusals.check(() => booleanOf(data, 'isPODEnabled')) ?? false;
  refusals.check(() => booleanOf(data, 'isRecipientSMSEnabled'));
  const metadata = refusals.check(() => metadataOf(data));
  refusals.refuse();
  return { contacts, isProofEnabled, metadata, magic: checkedMagic(data) };
}

function newEntry(call: SandboxCall, quoted: QuotationEntry, input: OrderInput): OrderEntry {
  const { quotation, locode, metres, scheduleAt } = quoted;
  const { contacts, isProofEnabled, magic } = input;
  const now = call.world.clock.now();
  const language = quotation.language.replace(/^[^_]+/, (code) => code.toLowerCase());
  return {
    tenant: call.tenant,
    locode,
    language,
    serviceType: quotation.serviceType,
    specialRequests: quotation.specialRequests?.length ?? 0,
    order: newOrder(call, quoted, input, language),
    contacts,
    metres,
    priorityFee: undefined,
    charged: 0,
    scheduleAt,
    placedAt: now,
    matchedAt: undefined,
    arrivedAt: undefined,
    soughtSince: Math.max(now, scheduleAt),
    firstReturnAt: undefined,
    rejections: 0,
    courier: undefined,
    isEdited: false,
    isBeingReplaced: false,
    isProofEnabled,
    finished: [],
    magic,
    script: undefined,
    steps: [],
    run: 0,
  };
}

function newOrder(
  { world, tenant }: SandboxCall,
  { quotation, metres }: QuotationEntry,
  { contacts, isProofEnabled, metadata }: OrderInput,
  language: string,
): Order {
  const orderId = world.nextId();
  // Recorded orders do not have this member.
  const priceBreakdown = { ...quotation.priceBreakdown };
  delete priceBreakdown.totalBeforeOptimization;
  return {
    orderId,
    quotationId: quotation.quotationId,
    priceBreakdown,
    driverId: '',
    shareLink: shareLink(world, tenant, orderId, language),
    status: 'ASSIGNING_DRIVER',
    distance: { value: String(metres), unit: 'm' },
    stops: quotation.stops.map(({ coordinates, address }, index) => ({
      ...stopView({ coordinates, address }, contacts[index]),
      ...(index > 0 && isProofEnabled && { POD: { status: 'PENDING' } }),
      delivery_code: index > 0 && world.settings.deliveryCodes ? deliveryCode(world) : NO_DELIVERY_CODE,
    })),
    ...(metadata && { metadata }),
    remarks: remarksView(contacts),
  };
}

/** A stop as an order shows it. */
export function stopView(
  place: Pick<OrderStop, 'coordinates' | 'address'>,
  person: StopContact | undefined,
): OrderStop {
  return { ...place, name: person?.name ?? '', phone: displayPhone(person?.phone ?? '') };
}

/** The remarks of all stops as an order shows them, one entry a line (observed). */
export function remarksView(contacts: readonly StopContact[]): string[] {
  return contacts.flatMap(({ remarks = '' }) => remarks.split(/\r\n|\r|\n/)).filter((line) => line !== '');
}

/** The contact of each stop of the quotation: the sender at the first stop, and one recipient at each other stop. */
function contactsOf({ tenant, data }: SandboxCall, { quotation }: QuotationEntry): StopContact[] {
  const refusals = new RefusalCollector();
  const stopIds = quotation.stops.map(({ stopId }) => stopId);
  const found = new Map<string, StopContact>();
  const take = (value: unknown, pointer: string, isTheirs: (stopId: string) => boolean): void => {
    refusals.check(() => {
      refuseUnknownMembers(value, pointer === '/data/sender' ? PERSON_MEMBERS : RECIPIENT_MEMBERS);
    });
    const person = refusals.check(() => contactOf(value, pointer, tenant.market));
    if (!person) return;
    const stopId = requiredString(isRecord(value) ? value : {}, 'stopId', pointer);
    if (!isTheirs(stopId) || found.has(stopId)) throw mismatch(`${pointer}/stopId`);
    found.set(stopId, person);
  };
  take(data.sender, '/data/sender', (stopId) => stopId === stopIds[0]);
  requiredArray(data, 'recipients').forEach((value, index) => {
    take(value, `/data/recipients/${index}`, (stopId) => stopIds.indexOf(stopId) > 0);
  });
  refusals.check(() => {
    refuseUnknownMembers(data, ORDER_MEMBERS);
  });
  refusals.refuse();
  return stopIds.map((stopId) => {
    const person = found.get(stopId);
    if (!person) throw new Refusal('ERR_MISSING_FIELD', '/data/recipients', 'ERR_DELIVERY_MISMATCH');
    return person;
  });
}

function mismatch(pointer: string): Refusal {
  return new Refusal('ERR_INVALID_FIELD', pointer, 'ERR_DELIVERY_MISMATCH');
}

function metadataOf({ metadata }: Data): Record<string, string> | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isStringMap(metadata)) throw new Refusal('ERR_INVALID_FIELD', '/data/metadata');
  return { ...metadata };
}

/** An unknown magic value is a mistake in a test, so it is refused with a list of the known ones. */
function checkedMagic(data: Data): string[] {
  const magic = magicValuesOf(data);
  const unknown = magic.find((value) => !MAGIC_VALUES.includes(value));
  if (unknown === undefined) return magic;
  const message = `The sandbox has no magic value "${unknown}". It has ${MAGIC_VALUES.join(', ')}.`;
  throw new Refusal('ERR_INVALID_FIELD', { pointer: '/data/metadata/sandbox', message });
}
