import type { Path, Scene, Setting } from './scene.js';

/** The ways to end a call before its answer. */
export const WAYS = ['abort()', 'AbortSignal.timeout()', 'timeoutMs', 'deadlineMs'] as const;
export type Way = (typeof WAYS)[number];

/** The ways that only the caller can use, at a stage without a time limit of ours. */
export const BY_SIGNAL: readonly Way[] = ['abort()', 'AbortSignal.timeout()'];

/** A stage of a call, and the expected result of a call that ends there. */
export interface Stage {
  /** Completes the title "a call that is ended". */
  readonly name: string;
  /** What Lalamove did with the call: never received it, refused it, or nothing certain. */
  readonly outcome: 'unsent' | 'refused' | 'unknown';
  /** The status of an answer with a complete head. */
  readonly status?: number;
  /** The class for such an answer, independent of the way in which the call ended. */
  readonly exception?: string;
  /** The ways to end the call there, if not all. */
  readonly ways?: readonly Way[];
  /** The paths that reach the stage, if not all. */
  readonly paths?: readonly Path[];
  /** Starts a scene in which the call stalls at this stage. */
  readonly enter: (setting: Setting) => Promise<Scene>;
}
