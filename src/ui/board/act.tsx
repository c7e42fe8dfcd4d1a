import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Notice } from '../shared/elements.js';
import { RequestError } from '../shared/request-json.js';
import { toast } from '../shared/toasts.js';
import { problemOf, refreshNow } from './live.js';

/** An action that is under way or has failed. */
export interface Act {
  readonly problem: JSX.Element | null;
  /** Runs the action. If it succeeds, the dialog closes. */
  readonly run: (work: () => Promise<void>, done: string) => Promise<void>;
}

/** What a dialog says if the delivery has changed since it was opened: the server would refuse the action. */
export function Outdated({ is }: { is: boolean }): JSX.Element | null {
  if (!is) return null;
  return <Notice tone="warn">The delivery has changed meanwhile. Close this, look at it again, then decide.</Notice>;
}

/** Runs the action of a dialog. A failure is shown in the dialog. */
export function useAct(onClose: () => void): Act {
  const [lines, setLines] = useState<readonly string[]>([]);
  const run = async (work: () => Promise<void>, done: string): Promise<void> => {
    try {
      await work();
      toast('good', done);
      onClose();
    } catch (error) {
      setLines([problemOf(error), ...fieldLines(error)]);
    } finally {
      refreshNow();
    }
  };
  const problem =
    lines.length === 0 ? null : (
      <Notice tone="bad">
        {lines.map((line) => (
          <p key={line} class="foreign">
            {line}
          </p>
        ))}
      </Notice>
    );
  return { problem, run };
}

/** What the server says of each field. */
function fieldLines(error: unknown): string[] {
  const body = error instanceof RequestError ? error.body : undefined;
  const errors: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'errors') : undefined;
  // The message names the first one already.
  if (!Array.isArray(errors) || errors.length < 2) return [];
  return errors.flatMap((each: unknown): string[] => {
    if (typeof each !== 'object' || each === null) return [];
    const message: unknown = Reflect.get(each, 'message');
    const pointer: unknown = Reflect.get(each, 'pointer');
    return typeof message === 'string' && typeof pointer === 'string' ? [`${pointer}: ${message}`] : [];
  });
}
