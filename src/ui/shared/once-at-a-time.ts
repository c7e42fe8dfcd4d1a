/** Work that is done again and again. */
export interface RepeatedWork {
  /** Begins now. If it is running, or has just ended, it begins once more afterwards. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/**
 * Does work once at a time, and not again before a pause. What is asked for meanwhile is done in one go: so something
 * that changes all the time neither restarts the work before it ends, nor keeps it running.
 *
 * @param work may not reject
 */
export function onceAtATime(work: () => Promise<void>, pauseMs: number): RepeatedWork {
  let isStopped = false;
  let isRunning = false;
  let isDue = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (): void => {
    isRunning = true;
    isDue = false;
    void work().then(() => {
      if (isStopped) return;
      timer = setTimeout(() => {
        isRunning = false;
        if (isDue) begin();
      }, pauseMs);
    });
  };
  return {
    ask: () => {
      if (isStopped) return;
      if (isRunning) isDue = true;
      else begin();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
