import { useEffect, useRef, useState } from 'preact/hooks';
import { onceAtATime } from '../shared/once-at-a-time.js';

/** Something that is read from the sandbox. */
export interface Loaded<T> {
  readonly value: T | undefined;
  /** Why it could not be read. */
  readonly problem: string | undefined;
}

/** While something changes all the time, it is read this often. */
const PAUSE_MS = 200;

/**
 * Reads something again whenever `key` or `version` changes. While `key` stays the same, the last value is shown until
 * the next one has come.
 */
export function useLoaded<T>(key: string, version: unknown, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { key: string }>({ key, value: undefined, problem: undefined });
  // The function is a new one each time; key and version say what it reads.
  const latest = useRef(load);
  latest.current = load;
  const ask = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    const reads = onceAtATime(
      () =>
        latest.current().then(
          (value) => {
            if (!isGone) setState({ key, value, problem: undefined });
          },
          (error: unknown) => {
            if (!isGone)
              setState({ key, value: undefined, problem: error instanceof Error ? error.message : String(error) });
          },
        ),
      PAUSE_MS,
    );
    ask.current = reads.ask;
    return () => {
      isGone = true;
      reads.stop();
    };
  }, [key]);
  // After the effect above, whose reads it asks for.
  useEffect(() => ask.current?.(), [key, version]);
  return state.key === key ? state : { value: undefined, problem: undefined };
}
