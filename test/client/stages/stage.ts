import type { Path, Scene, Setting } from './scene.js';

/** How a call can be ended ahead of its answer. */
export const WAYS = ['abort()', 'AbortSignal.timeout()', 'timeoutMs', 'deadlineMs'] as const;
export type Way = (typeof WAYS)[number];

/** Those that come from the caller alone, where no time limit of ours strikes. */
export const BY_SIGNAL: readonly Way[] = ['abort()', 'AbortSignal.timeout()'];

/** A stage of a call's way, and what is true of a call that ends there. */
export interface Stage {
  /** Goes on "a call that is ended". */
  readonly name: string;
  /** What it did at Lalamove's: nothing because it never got there, nothing because it was refused, or nobody knows. */
  readonly outcome: 'unsent' | 'refused' | 'unknown';
  /** The status of an answer whose head is complete. */
  readonly status?: number;
  /** The class that such an answer stands for, whatever ended the call. */
  readonly exception?: string;
  /** In which ways it can be ended there, where not in all. */
  readonly ways?: readonly Way[];
  /** By which paths it gets there, where not by all. */
  readonly paths?: readonly Path[];
  /** Sets a scene where the call gets stuck there. */
  readonly enter: (setting: Setting) => Promise<Scene>;
}
