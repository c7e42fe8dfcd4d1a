import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A short message about something that was done or has failed. */
export interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

const SHOWN_MS = 6_000;
const listeners = new Set<(toast: Toast) => void>();
let lastId = 0;

/** Shows a message for some seconds. */
export function toast(tone: Toast['tone'], text: string): void {
  lastId += 1;
  for (const listener of listeners) listener({ id: lastId, tone, text });
}

/** Runs an action of a button. A failure is shown. */
export async function withToast(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done !== undefined) toast('good', done);
    return true;
  } catch (error) {
    toast('bad', error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** The messages that are shown now. */
export function Toasts(): JSX.Element {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  useEffect(() => {
    const add = (added: Toast): void => {
      setShown((before) => [...before.slice(-3), added]);
      setTimeout(() => {
        setShown((before) => before.filter(({ id }) => id !== added.id));
      }, SHOWN_MS);
    };
    listeners.add(add);
    return () => {
      listeners.delete(add);
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <p key={id} class={`toast toast-${tone}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
