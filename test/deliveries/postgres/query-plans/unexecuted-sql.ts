import { Session } from 'node:inspector/promises';

/** A part of a source file that runs SQL. */
const RUNS_SQL = /\.execute(TakeFirst(OrThrow)?)?\(|sql(<[^>]*>)?`/;

/** Finds the SQL in source files that was not executed, by the coverage that V8 counts. */
export class UnexecutedSql {
  readonly #session = new Session();

  /** Counts from now on. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Debugger.enable');
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The parts with SQL that were not executed, as `file: function`. */
  async inFolders(folders: readonly string[]): Promise<string[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const found: string[] = [];
    for (const { url, scriptId, functions } of result) {
      const folder = folders.find((each) => url.includes(each));
      if (folder === undefined) continue;
      const { scriptSource } = await this.#session.post('Debugger.getScriptSource', { scriptId });
      const file = url.slice(url.indexOf(folder) + 1);
      for (const { functionName, ranges } of functions) {
        const skipped = ranges.filter(({ count }) => count === 0);
        const isMissing = skipped.some((range) =>
          RUNS_SQL.test(scriptSource.slice(range.startOffset, range.endOffset)),
        );
        if (isMissing) found.push(`${file}: ${functionName || 'a function without a name'}`);
      }
    }
    return [...new Set(found)].sort();
  }

  stop(): void {
    this.#session.disconnect();
  }
}
