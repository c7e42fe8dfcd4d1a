import { isRecord } from '../../internal/is-record.js';
import type { SandboxLog, SandboxLogEntry } from '../sandbox-log.js';
import { SandboxControlError } from './sandbox-control-error.js';

/** Follows the log of a sandbox in another process, by its server-sent events. */
export async function* followRemoteLog(
  url: string,
  since: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<SandboxLogEntry> {
  const query = since === undefined ? '' : `?since=${since}`;
  try {
    const response = await fetch(`${url}/_sandbox/events${query}`, signal ? { signal } : {});
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (!response.ok || !isStream || !response.body) throw SandboxControlError.notASandbox(url, response.status);
    const chunks: AsyncIterable<string> = response.body.pipeThrough(new TextDecoderStream());
    let pending = '';
    for await (const chunk of chunks) {
      const events = (pending + chunk).split('\n\n');
      pending = events.pop() ?? '';
      for (const entry of events.flatMap(entriesOf)) {
        yield entry;
        if (signal?.aborted) return;
      }
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw SandboxControlError.of(error, url);
  }
}

/** Follows the log of a sandbox in this process. */
export async function* followLocalLog(
  log: SandboxLog,
  since: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<SandboxLogEntry> {
  const waiting = since === undefined ? [] : log.entries.filter(({ seq }) => seq > since);
  let isOver = signal?.aborted ?? false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  const onEntry = (entry: SandboxLogEntry): void => {
    waiting.push(entry);
    wake();
  };
  const unsubscribe = log.follow({ onEntry, end });
  signal?.addEventListener('abort', end);
  try {
    for (;;) {
      const entry = waiting.shift();
      if (signal?.aborted) return;
      if (entry) yield structuredClone(entry);
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', end);
  }
}

function entriesOf(event: string): SandboxLogEntry[] {
  const data = event.split('\n').find((line) => line.startsWith('data: '));
  if (data === undefined) return [];
  const entry: unknown = JSON.parse(data.slice('data: '.length));
  return isLogEntry(entry) ? [entry] : [];
}

/** Whether a value is a line of the log. */
export function isLogEntry(entry: unknown): entry is SandboxLogEntry {
  return isRecord(entry) && typeof entry.seq === 'number' && typeof entry.kind === 'string';
}
