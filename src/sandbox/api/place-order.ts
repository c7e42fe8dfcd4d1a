import type { OrderStop } from '../../api/answers/order.js';
import { isRecord, isStringMap } from '../../internal/is-record.js';
import { MAGIC_VALUES, magicOf } from '../faults/magic-values.js';
import { deliveryCode, NO_DELIVERY_CODE, shareLink } from '../state/order-tokens.js';
import type { OrderEntry, QuotationEntry, StopContact } from '../state/sandbox-state.js';
import type { SandboxAnswer, SandboxCall } from './api-routes.js';
import { contact, Findings, flag, onlyKnown, requiredList, requiredText, seenPhone, type Data } from './call-input.js';
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

/** `POST /v3/orders`. Whether one quotation can be ordered twice nobody outside knows: `unknowns.reorderedQuotation`. */
export function placeOrder(call: SandboxCall): SandboxAnswer {
  const { world, wallets, orders, life, tenant, data } = call;
  const quoted = quotationOf(call, requiredText(data, 'quotationId'));
  const now = world.clock.now();
  const isSpent = quoted.timesOrdered > 0 && world.settings.unknowns.reorderedQuotation === 'refused';
  if (now >= quoted.expiresAt || isSpent) throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  if (quoted.isScheduled && now > quoted.scheduleAt) throw new Refusal('ERR_INVALID_SCHEDULE_TIME', '/data/scheduleAt');
  const findings = new Findings();
  const contacts = findings.check(() => contactsOf(call, quoted)) ?? [];
  const isProofEnabled = findings.check(() => flag(data, 'isPODEnabled')) ?? false;
  findings.check(() => flag(data, 'isRecipientSMSEnabled'));
  const metadata = findings.check(() => metadataOf(data));
  findings.refuse();
  const magic = checkedMagic(data);
  if (!wallets.canPay(tenant, quoted.total)) throw new Refusal('ERR_INSUFFICIENT_CREDIT');

  const { quotation, locode, metres, scheduleAt } = quoted;
  const orderId = world.nextId();
  const language = quotation.language.replace(/^[^_]+/, (code) => code.toLowerCase());
  // Orders were seen without it.
  const priceBreakdown = { ...quotation.priceBreakdown };
  delete priceBreakdown.totalBeforeOptimization;
  const entry: OrderEntry = {
    tenant,
    locode,
    language,
    serviceType: quotation.serviceType,
    specialRequests: quotation.specialRequests?.length ?? 0,
    order: {
      orderId,
      quotationId: quotation.quotationId,
      priceBreakdown,
      driverId: '',
      shareLink: shareLink(world, tenant, orderId, language),
      status: 'ASSIGNING_DRIVER',
      distance: { value: String(metres), unit: 'm' },
      stops: quotation.stops.map(({ coordinates, address }, index) => ({
        ...shownStop({ coordinates, address }, contacts[index]),
        ...(index > 0 && isProofEnabled && { POD: { status: 'PENDING' } }),
        delivery_code: index > 0 && world.settings.deliveryCodes ? deliveryCode(world) : NO_DELIVERY_CODE,
      })),
      ...(metadata && { metadata }),
      remarks: shownRemarks(contacts),
    },
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
  quoted.timesOrdered += 1;
  orders.place(entry, quoted.total);
  life.begin(entry);
  return { status: 201, data: entry.order };
}

/** A stop as an order shows it. */
export function shownStop(
  place: Pick<OrderStop, 'coordinates' | 'address'>,
  person: StopContact | undefined,
): OrderStop {
  return { ...place, name: person?.name ?? '', phone: seenPhone(person?.phone ?? '') };
}

/** What drivers are told, as an order shows it: each line an entry of its own (observed). */
export function shownRemarks(contacts: readonly StopContact[]): string[] {
  return contacts.flatMap(({ remarks = '' }) => remarks.split(/\r\n|\r|\n/)).filter((line) => line !== '');
}

/** Who is at each stop of the quotation: the sender at the first, and exactly one recipient at each other. */
function contactsOf({ tenant, data }: SandboxCall, { quotation }: QuotationEntry): StopContact[] {
  const findings = new Findings();
  const stopIds = quotation.stops.map(({ stopId }) => stopId);
  const found = new Map<string, StopContact>();
  const take = (value: unknown, pointer: string, isTheirs: (stopId: string) => boolean): void => {
    findings.check(() => {
      onlyKnown(value, pointer === '/data/sender' ? PERSON_MEMBERS : RECIPIENT_MEMBERS);
    });
    const person = findings.check(() => contact(value, pointer, tenant.market));
    if (!person) return;
    const stopId = requiredText(isRecord(value) ? value : {}, 'stopId', pointer);
    if (!isTheirs(stopId) || found.has(stopId)) throw mismatch(`${pointer}/stopId`);
    found.set(stopId, person);
  };
  take(data.sender, '/data/sender', (stopId) => stopId === stopIds[0]);
  requiredList(data, 'recipients').forEach((value, index) => {
    take(value, `/data/recipients/${index}`, (stopId) => stopIds.indexOf(stopId) > 0);
  });
  findings.check(() => {
    onlyKnown(data, ORDER_MEMBERS);
  });
  findings.refuse();
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

/** A magic value that does not exist is a slip of whoever wrote the test, who is to hear of it. */
function checkedMagic(data: Data): string[] {
  const magic = magicOf(data);
  const unknown = magic.find((value) => !MAGIC_VALUES.includes(value));
  if (unknown === undefined) return magic;
  const message = `The sandbox has no magic value "${unknown}". It has ${MAGIC_VALUES.join(', ')}.`;
  throw new Refusal('ERR_INVALID_FIELD', { pointer: '/data/metadata/sandbox', message });
}
