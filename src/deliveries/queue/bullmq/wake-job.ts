import { randomUUID } from 'node:crypto';
import type { JobsOptions } from 'bullmq';

/** Two wakes this close to the current time may be for two changes, in ms. */
const NOW_MS = 1000;

/** The job options of a wake. Its data is the delivery id. */
export function wakeJob(deliveryId: string, at: number, now: number, current?: string): JobsOptions {
  const id = jobId(deliveryId, at, now);
  return {
    // BullMQ drops a job whose id exists, even if that job is active.
    jobId: id === current ? uniqueId(deliveryId) : id,
    delay: Math.max(0, Math.ceil(at - now)),
    attempts: 1,
    removeOnComplete: true,
    removeOnFail: true,
  };
}

/** An id for a job that BullMQ must not drop. BullMQ allows no colon in it. */
function uniqueId(deliveryId: string): string {
  return `${deliveryId.replaceAll(':', '_')}-${randomUUID()}`;
}

/**
 * A wake for the current time has a unique id. Other wakes of one delivery for one due time are one job, because the
 * sweepers of all processes wake each delivery several times before it is due.
 */
function jobId(deliveryId: string, at: number, now: number): string {
  if (Math.abs(at - now) <= NOW_MS) return uniqueId(deliveryId);
  return `${deliveryId.replaceAll(':', '_')}-${Math.ceil(at)}`;
}
