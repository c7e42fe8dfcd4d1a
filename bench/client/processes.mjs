// Questions and answers between processes: `fork` with a promise for each question.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of a script in this folder; it lives until it is told to stop, or its parent is gone. */
export class Helper {
  #child;

  constructor(script, args = [], execArgv = []) {
    // Without the environment's proxies, which axios would ask.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/_proxy$|^node_options$/i.test(name)),
    );
    this.#child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv, env });
    this.#child.once('exit', (code, signal) => {
      if (code === 0) return;
      console.error(`${script} ${args.join(' ')} ended with ${signal ?? code}.`);
      process.exit(1);
    });
  }

  /** One question at a time. */
  async ask(question) {
    this.#child.send(question);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  stop() {
    this.#child.disconnect();
  }
}

/** In the process itself: what it answers to a question. What it cannot answer ends it, and with it the run. */
export function answering(answer) {
  process.on('message', async (question) => {
    try {
      process.send(await answer(question));
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  });
  process.once('disconnect', () => process.exit(0));
}
