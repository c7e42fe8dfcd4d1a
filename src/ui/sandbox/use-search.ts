import { useEffect, useRef, useState } from 'preact/hooks';
import type { SandboxSearch } from '../../sandbox/control/page-rows.js';
import { onceAtATime } from '../shared/once-at-a-time.js';
import { readSearch } from './read-sandbox.js';

/** How long after the last key. */
const TYPING_MS = 150;

/** While something changes all the time, it is searched this often. */
const PAUSE_MS = 400;

/** What contains a text; `undefined` without one. It is read again when something has changed. */
export function useSearch(text: string, revision: number | undefined): SandboxSearch | undefined {
  const [found, setFound] = useState<{ text: string; result: SandboxSearch }>();
  const wanted = text.trim();
  const ask = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    if (wanted === '') return undefined;
    let isGone = false;
    const searches = onceAtATime(
      () =>
        readSearch(wanted).then(
          (result) => {
            if (!isGone) setFound({ text: wanted, result });
          },
          () => undefined,
        ),
      PAUSE_MS,
    );
    const timer = setTimeout(() => {
      ask.current = searches.ask;
      searches.ask();
    }, TYPING_MS);
    return () => {
      isGone = true;
      clearTimeout(timer);
      searches.stop();
    };
  }, [wanted]);
  useEffect(() => ask.current?.(), [revision]);
  return wanted === '' ? undefined : found?.result;
}
