import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';

/** One call of a handler. */
interface HandlerCall {
  /** Unique in all processes. */
  readonly call: string;
  readonly pid: number;
  /** `failed` counts as an end too: the handler has thrown, so the event must come again. */
  readonly at: 'start' | 'end' | 'failed';
}

/** A call with a delivery's own event. */
export interface EventCall extends HandlerCall {
  readonly reference: string;
  readonly id: number;
}

/** A call with a webhook. */
export interface WebhookCall extends HandlerCall {
  readonly fingerprint: string;
}

/** A step of the work on a delivery. `run` names the worker's claim, if the host knows it. */
export interface StepLine {
  readonly step: DeliveryStep;
  readonly reference: string;
  readonly run: string;
}

/** Lalamove's answer named an order, and the work went on to its end, but the attempt does not have the order. */
export interface DroppedLine {
  readonly dropped: string;
  readonly reference: string;
}

/** A host has set its own clock forward, beyond the end of every lease. */
export interface JumpLine {
  readonly jumped: number;
}

/** The host could not store the result of a dispatch, so it gives the event to the handler again. */
export interface UnkeptLine {
  /** The id of the event. */
  readonly unkept: number;
  readonly pid: number;
}

/** A server that the hosts use was restarted or cut off. It is only for people who read the journal. */
export interface DisturbanceLine {
  readonly disturbed: string;
}

/** A line of the journal that all hosts of a world append to. Its order is the order of the writes. */
export type JournalLine = EventCall | WebhookCall | StepLine | DroppedLine | JumpLine | UnkeptLine | DisturbanceLine;

/** Appends a line with one write, so that lines of several processes do not mix and a kill does not lose them. */
export function writeJournal(file: string | undefined, line: JournalLine): void {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function readJournal(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  // The last line of a killed process may be incomplete.
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as JournalLine] : []));
}
