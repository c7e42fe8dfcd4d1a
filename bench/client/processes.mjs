// Requests and answers between processes: `fork` with a promise for each request.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a script of this folder as a process. It ends on request or with its parent. */
export class Helper {
  #child;

  constructor(script, args = [], execArgv = []) {
    // Without the proxies of the environment, which axios would use.
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

  /** One request at a time. */
  async ask(question) {
    this.#child.send(question);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  stop() {
    this.#child.disconnect();
  }
}

/** In the child process: answers requests. An error ends the process and the run. */
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
