import type { LoggerService } from '@nestjs/common';
import { detached } from './async-context.js';
import { logLine, say } from './log-line.js';

/** The interval for which the lines of a kind are counted, in ms. */
const SILENCE_MS = 60_000;

type Fields = Parameters<typeof logLine>[1];

/** A kind of line. Lines of one kind are counted together. Use few kinds, because each takes memory and a timer. */
export interface LineKind {
  readonly level: 'warn' | 'error';
  readonly what: string;
  /** Fields that distinguish this kind from others. */
  readonly of: Fields;
  /** The maximum number of lines of this kind in a minute. */
  readonly maxLines: number;
}

interface Count {
  readonly kind: LineKind;
  readonly timer: NodeJS.Timeout;
  lines: number;
  leftOut: number;
}

/**
 * Limits how many lines of a kind are written in a minute, because any client on the internet can cause them. At the
 * end of the minute, and when the app ends, one line reports how many lines were omitted.
 */
export class ThrottledLog {
  readonly #counts = new Map<string, Count>();

  constructor(private readonly logger: LoggerService) {}

  /** @param more additional fields of this line */
  say(kind: LineKind, more: Fields = {}): void {
    const key = logLine(kind.what, kind.of);
    const count = this.#counts.get(key) ?? this.#begin(key, kind);
    if (count.lines >= kind.maxLines) {
      count.leftOut += 1;
      return;
    }
    count.lines += 1;
    say(this.logger, kind.level, logLine(kind.what, { ...kind.of, ...more }));
  }

  /** Logs how many lines were omitted so far. Call it when the app ends. */
  end(): void {
    for (const key of this.#counts.keys()) this.#end(key);
  }

  #begin(key: string, kind: LineKind): Count {
    const end = (): void => {
      this.#end(key);
    };
    const timer = detached(() => setTimeout(end, SILENCE_MS)).unref();
    const count = { kind, timer, lines: 0, leftOut: 0 };
    this.#counts.set(key, count);
    return count;
  }

  #end(key: string): void {
    const count = this.#counts.get(key);
    if (!count) return;
    this.#counts.delete(key);
    clearTimeout(count.timer);
    const { kind, leftOut } = count;
    if (leftOut > 0)
      say(this.logger, kind.level, logLine(`${kind.what}, and more like it`, { ...kind.of, left_out: leftOut }));
  }
}
