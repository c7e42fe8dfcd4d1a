import type { JournalLine, StepLine } from './journal.js';

/** Steps that a worker reports after its last commit, which may have released its lease. */
const AFTER_THE_LEASE: ReadonlySet<string> = new Set(['released', 'committed']);

/** A worker that is at work on a delivery. */
interface Holder {
  /** The clock was set beyond the end of its lease. */
  isExpired: boolean;
  /** Another worker has claimed the delivery since, while the lease was live. */
  isOvertaken: boolean;
}

/** The deliveries on which two workers worked at one time, each with a lease. */
export function doubleWork(journal: readonly JournalLine[]): { readonly reference: string; readonly what: string }[] {
  const found = new Map<string, string>();
  const holders = new Map<string, Map<string, Holder>>();
  for (const line of journal) {
    if ('jumped' in line)
      for (const own of holders.values()) for (const holder of own.values()) holder.isExpired = true;
    if (!('step' in line)) continue;
    const own = holders.get(line.reference) ?? new Map<string, Holder>();
    holders.set(line.reference, own);
    if (isSecond(line, own)) {
      found.set(line.reference, `a worker went on (${line.step}) after another had claimed the delivery`);
    }
  }
  return [...found].map(([reference, what]) => ({ reference, what }));
}

/** Notes a step. @returns whether it shows a worker whose delivery another one has claimed */
function isSecond({ step, run }: StepLine, holders: Map<string, Holder>): boolean {
  if (step === 'claimed') {
    for (const holder of holders.values()) holder.isOvertaken ||= !holder.isExpired;
    holders.set(run, { isExpired: false, isOvertaken: false });
    return false;
  }
  const holder = holders.get(run);
  if (step === 'released') holders.delete(run);
  return holder?.isOvertaken === true && !AFTER_THE_LEASE.has(step);
}
