import { isRecord } from '../../internal/is-record.js';
import { DRIVER_SCRIPTS } from '../simulation/driver-script.js';
import type { CallFault, WebhookFault } from './fault-rule.js';

/** What goes wrong with the order that a magic value is in: with its `POST`, once a quotation, so that a repeat of it goes well. */
const CALL_FAULTS: Readonly<Record<string, CallFault>> = {
  'slow-answer': { latencyMs: 3000 },
  'reset-before-work': { answer: 'reset' },
  'hang-before-work': { answer: 'hang' },
  'error-before-work': { answer: { code: 'LALAMOVE_SERVER_ERROR', shape: 'empty' } },
  'reset-after-work': { work: 'done', answer: 'reset' },
  'hang-after-work': { work: 'done', answer: 'hang' },
  'error-after-work': { work: 'done', answer: { code: 'LALAMOVE_SERVER_ERROR', shape: 'empty' } },
  'html-after-work': { work: 'done', answer: { code: 'LALAMOVE_SERVER_ERROR', status: 502, shape: 'html' } },
  'truncated-after-work': { work: 'done', answer: 'truncate' },
  'late-work': { work: 'late', answer: 'reset' },
  'rate-limited': { answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } },
  'insufficient-credit': { answer: { code: 'ERR_INSUFFICIENT_CREDIT' } },
};

/** What goes wrong with every webhook of the order. */
const WEBHOOK_FAULTS: Readonly<Record<string, WebhookFault>> = {
  'webhooks-lost': { webhook: 'lost' },
  'webhooks-doubled': { webhook: 'doubled' },
  'webhooks-delayed': { webhook: 'delayed' },
  'webhooks-reordered': { webhook: 'reordered' },
  'webhooks-badly-signed': { webhook: 'badly-signed' },
  'webhooks-early': { webhook: 'early' },
};

/** Every magic value: faults of the call, faults of the webhooks, and the scripts of drivers. */
export const MAGIC_VALUES: readonly string[] = [
  ...Object.keys(CALL_FAULTS),
  ...Object.keys(WEBHOOK_FAULTS),
  ...Object.keys(DRIVER_SCRIPTS),
];

/**
 * The magic values of an order: those of `metadata.sandbox`, apart by blanks or commas, and `sandbox:value` anywhere in the remarks of its recipients.
 * What is no such thing is left to the rules of the call.
 */
export function magicValuesOf(data: Readonly<Record<string, unknown>>): string[] {
  const { metadata, recipients } = data;
  const named = isRecord(metadata) && typeof metadata.sandbox === 'string' ? metadata.sandbox.split(/[\s,]+/) : [];
  const remarks = (Array.isArray(recipients) ? recipients : [])
    .map((recipient: unknown) => (isRecord(recipient) ? recipient.remarks : undefined))
    .filter((text) => typeof text === 'string');
  const remarked = remarks.flatMap((text) => [...text.matchAll(/\bsandbox:([a-z-]+)/g)].map(([, value = '']) => value));
  return [...named, ...remarked].filter((value) => value !== '');
}

/** What a magic value does to the call. */
export function magicCallFault(magic: readonly string[]): CallFault | undefined {
  const value = magic.find((each) => Object.hasOwn(CALL_FAULTS, each));
  return value === undefined ? undefined : CALL_FAULTS[value];
}

/** What magic values do to the webhooks of an order. */
export function magicWebhookFaults(magic: readonly string[]): WebhookFault[] {
  return magic.flatMap((value) => (Object.hasOwn(WEBHOOK_FAULTS, value) ? (WEBHOOK_FAULTS[value] ?? []) : []));
}
