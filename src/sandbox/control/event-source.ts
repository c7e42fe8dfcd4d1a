import { isRecord } from '../../is-record.js';
import type { SandboxLog, SandboxLogEntry } from '../sandbox-log.js';

/** The log of a sandbox that runs elsewhere, live, from its server-sent events. */
export async function* followEvents(
  url: string,
  since: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<SandboxLogEntry> {
  const query = since === undefined ? '' : `?since=${since}`;
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/_sandbox/events${query}`, signal ? { signal } : {});
    const chunks: AsyncIterable<string> | undefined = response.body?.pipeThrough(new TextDecoderStream());
    if (!chunks) return;
    let pending = '';
    for await (const chunk of chunks) {
      pending += chunk;
      const events = pending.split('\n\n');
      pending = events.pop() ?? '';
      yield* events.flatMap(entriesOf);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** The log of a sandbox in this process, live. */
export async function* followLog(
  log: SandboxLog,
  since: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<SandboxLogEntry> {
  const waiting = since === undefined ? [] : log.entries.filter(({ seq }) => seq > since);
  let wake: () => void = () => undefined;
  const leave = log.follow((entry) => {
    waiting.push(entry);
    wake();
  });
  const isOver = (): boolean => signal?.aborted ?? false;
  const end = (): void => {
    wake();
  };
  signal?.addEventListener('abort', end);
  try {
    while (!isOver()) {
      yield* waiting.splice(0);
      if (isOver()) break;
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    leave();
    signal?.removeEventListener('abort', end);
  }
}

function entriesOf(event: string): SandboxLogEntry[] {
  const data = event.split('\n').find((line) => line.startsWith('data: '));
  if (data === undefined) return [];
  const entry: unknown = JSON.parse(data.slice('data: '.length));
  return isLogEntry(entry) ? [entry] : [];
}

function isLogEntry(entry: unknown): entry is SandboxLogEntry {
  return isRecord(entry) && typeof entry.seq === 'number' && typeof entry.kind === 'string';
}
