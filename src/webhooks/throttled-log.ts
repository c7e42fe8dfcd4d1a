import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../log-line.js';

/** How long a kind of line is counted alone once it was said often enough, in ms: anybody can send anything. */
const SILENCE_MS = 60_000;

interface Kind {
  readonly since: number;
  lines: number;
  leftOut: number;
}

/** Says what may be said often only so many times a minute, and then how many lines were left out. */
export class ThrottledLog {
  readonly #kinds = new Map<string, Kind>();

  constructor(private readonly logger: LoggerService) {}

  /**
   * @param kind of which there are few
   * @param maxLines of the kind in a minute
   */
  say(
    level: 'warn' | 'error',
    kind: string,
    maxLines: number,
    [what, fields]: readonly [string, Parameters<typeof logLine>[1]],
  ): void {
    const now = performance.now();
    const known = this.#kinds.get(kind);
    const isOver = !known || now >= known.since + SILENCE_MS;
    const current = isOver ? { since: now, lines: 0, leftOut: 0 } : known;
    this.#kinds.set(kind, current);
    if (current.lines >= maxLines) {
      current.leftOut += 1;
      return;
    }
    current.lines += 1;
    const leftOut = isOver && known && known.leftOut > 0 ? known.leftOut : undefined;
    say(this.logger, level, logLine(what, { ...fields, left_out_before: leftOut }));
  }
}
