import type { LoggerService } from '@nestjs/common';
import { detached } from './async-context.js';
import { logLine, say } from './log-line.js';

/** How long a kind of line is counted alone once it was said often enough, in ms: anybody can send anything. */
const SILENCE_MS = 60_000;

type Told = Parameters<typeof logLine>[1];

/** Lines of one kind are counted together. There must be few kinds. */
export interface LineKind {
  readonly level: 'warn' | 'error';
  readonly what: string;
  /** Members that tell this kind from others. */
  readonly of: Told;
  /** In a minute. */
  readonly maxLines: number;
}

interface Count {
  readonly kind: LineKind;
  readonly timer: NodeJS.Timeout;
  lines: number;
  leftOut: number;
}

/** Says what may be said often only so many times a minute, and at its end, or that of the app, how many lines were left out. */
export class ThrottledLog {
  readonly #counts = new Map<string, Count>();

  constructor(private readonly logger: LoggerService) {}

  /** @param more members of this line alone */
  say(kind: LineKind, more: Told = {}): void {
    const key = logLine(kind.what, kind.of);
    const count = this.#counts.get(key) ?? this.#begin(key, kind);
    if (count.lines >= kind.maxLines) {
      count.leftOut += 1;
      return;
    }
    count.lines += 1;
    say(this.logger, kind.level, logLine(kind.what, { ...kind.of, ...more }));
  }

  /** Tells of all that was left out so far: nobody does so once the app is gone. */
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
