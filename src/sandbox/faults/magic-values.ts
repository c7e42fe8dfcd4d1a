import { isRecord } from '../../internal/is-record.js';
import { DRIVER_SCRIPTS } from '../simulation/driver-script.js';
import type { CallFault, WebhookFault } from './fault-rule.js';

/** Faults of `POST /v3/orders` by magic value. Each applies once per quotation, so that a repeated request succeeds. */
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

/** Faults of all webhooks of an order, by magic value. */
const WEBHOOK_FAULTS: Readonly<Record<string, WebhookFault>> = {
  'webhooks-lost': { webhook: 'lost' },
  'webhooks-doubled': { webhook: 'doubled' },
  'webhooks-delayed': { webhook: 'delayed' },
  'webhooks-reordered': { webhook: 'reordered' },
  'webhooks-badly-signed': { webhook: 'badly-signed' },
  'webhooks-early': { webhook: 'early' },
};

/** All magic values: faults of the call, faults of the webhooks, and driver scripts. */
export const MAGIC_VALUES: readonly string[] = [
  ...Object.keys(CALL_FAULTS),
  ...Object.keys(WEBHOOK_FAULTS),
  ...Object.keys(DRIVER_SCRIPTS),
];

/**
 * The magic values of a request: those in `metadata.sandbox`, separated by blanks or commas, and `sandbox:value` in the
 * remarks of recipients. Other types are ignored here, because the rules of the call check them.
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

/** The fault of the call. */
export function magicCallFault(magic: readonly string[]): CallFault | undefined {
  const value = magic.find((each) => Object.hasOwn(CALL_FAULTS, each));
  return value === undefined ? undefined : CALL_FAULTS[value];
}

/** The faults of the webhooks. */
export function magicWebhookFaults(magic: readonly string[]): WebhookFault[] {
  return magic.flatMap((value) => (Object.hasOwn(WEBHOOK_FAULTS, value) ? (WEBHOOK_FAULTS[value] ?? []) : []));
}
