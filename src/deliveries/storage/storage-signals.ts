import type { Observable } from 'rxjs';

/** A message to the other processes on the same database. It may be lost: sweeps and polls find what it was about. */
export interface StorageSignal {
  /** `wake`: a delivery is due; `events`: it has new events. */
  readonly kind: 'wake' | 'events';
  readonly deliveryId: string;
}

/** Sends signals to the other processes on the same database, and receives theirs. */
export interface StorageSignals {
  /** The signals of the other processes. */
  readonly received: Observable<StorageSignal>;
  /** Sends a signal soon. It never fails. */
  publish(signal: StorageSignal): void;
}
