import { useEffect, useState } from 'preact/hooks';
import type { BoardDelivery, BoardPosition } from '../../board/board-answers.js';
import { problemOf, useChanges } from './live.js';
import { readDelivery, readPosition, type DeliveryKey } from './read-board.js';
import { isSame, keyText } from './route.js';
import { isMoving } from './states.js';

/** A delivery that is read from the server. */
export interface ShownDelivery {
  readonly value: BoardDelivery | undefined;
  readonly problem: string | undefined;
}

/** A delivery, which stays current. */
export function useDelivery(key: DeliveryKey): ShownDelivery {
  const id = keyText(key);
  const [state, setState] = useState<ShownDelivery & { id: string }>({ id, value: undefined, problem: undefined });
  const [version, setVersion] = useState(0);
  useEffect(() => {
    let isGone = false;
    readDelivery(key).then(
      (value) => {
        if (!isGone) setState({ id, value, problem: undefined });
      },
      (error: unknown) => {
        const problem = problemOf(error);
        // What was read stays while the server is away.
        if (!isGone) setState((before) => ({ id, value: before.id === id ? before.value : undefined, problem }));
      },
    );
    return () => {
      isGone = true;
    };
  }, [id, version]);
  useChanges(
    (change) => {
      const isAbout =
        change === 'all' || change.some(({ reference = '', account }) => isSame({ reference, account }, key));
      if (isAbout) setVersion((before) => before + 1);
    },
    [id],
  );
  return state.id === id ? state : { value: undefined, problem: undefined };
}

/** As often as the server asks Lalamove. */
const POSITION_MS = 10_000;

/** Where the driver is; `undefined` if it is not known, or nobody is on the way. */
export function usePosition(key: DeliveryKey, delivery: BoardDelivery | undefined): BoardPosition['position'] {
  const [position, setPosition] = useState<BoardPosition['position']>();
  const isWanted = delivery !== undefined && isMoving(delivery.delivery.state);
  useEffect(() => {
    setPosition(undefined);
    if (!isWanted) return undefined;
    let isGone = false;
    const read = async (): Promise<void> => {
      try {
        const { position: now } = await readPosition(key);
        if (!isGone) setPosition(now);
      } catch {
        // The last known position stays.
      }
    };
    void read();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void read();
    }, POSITION_MS);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [keyText(key), isWanted]);
  return position;
}
