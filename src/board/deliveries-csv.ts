import type { InspectedPage, ListedDelivery } from '../deliveries/inspection.js';

/** What a spreadsheet takes for the beginning of a formula, after white space too. */
const FORMULA = /^[\s\0]*[=+\-@|%＝＋－＠]|^[\t\r\n]/u;

const COLUMNS: readonly [name: string, value: (delivery: ListedDelivery) => string | number | undefined][] = [
  ['reference', ({ reference }) => reference],
  ['account', ({ account }) => account],
  ['state', ({ state }) => state],
  ['reason', ({ reason }) => reason?.code],
  ['message', ({ reason }) => reason?.message],
  ['orderId', ({ orderId }) => orderId],
  ['orderStatus', ({ orderStatus }) => orderStatus],
  ['driverId', ({ driverId }) => driverId],
  ['total', ({ price }) => price?.total],
  ['currency', ({ price }) => price?.currency],
  ['attempts', ({ attempts }) => attempts],
  ['cancellation', ({ cancellation }) => cancellation],
  ['recipients', ({ recipients }) => recipients?.join('; ')],
  ['dropOffs', ({ dropOffs }) => dropOffs?.join('; ')],
  ['createdAt', ({ createdAt }) => createdAt],
  ['updatedAt', ({ updatedAt }) => updatedAt],
  ['shareLink', ({ shareLink }) => shareLink],
];

/** The first line. The byte order mark makes Excel read UTF-8. */
export const CSV_HEAD = `\uFEFF${line(COLUMNS.map(([name]) => name))}`;

/** The lines of a page of deliveries. One with unreadable rows says so in place of its state. */
export function csvLines({ deliveries, unreadable }: InspectedPage): string {
  const readable = deliveries.map((delivery) => line(COLUMNS.map(([, value]) => value(delivery))));
  const others = unreadable.map(({ reference, account }) =>
    line(COLUMNS.map(([name]) => ({ reference, account, state: 'unreadable' })[name])),
  );
  return [...readable, ...others].join('');
}

/** RFC 4180, with every field in quotation marks. */
function line(fields: readonly (string | number | undefined)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

/** A field that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection). */
function field(value: string | number | undefined = ''): string {
  const given = String(value);
  const text = FORMULA.test(given) ? `'${given}` : given;
  return `"${text.replaceAll('"', '""')}"`;
}
