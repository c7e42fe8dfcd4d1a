import type { PostgresPool, PostgresPoolClient } from './postgres-pool.js';

/** A connection that listens on a channel. */
export interface Listener {
  /** Closes the connection. */
  close(): void;
}

/** What happens on a connection that listens. */
export interface ListenerEvents {
  readonly notified: (payload: string) => void;
  /** Called once, if the connection is lost. */
  readonly lost: (error: unknown) => void;
}

/**
 * Listens on a channel with a connection of the pool. The connection does not return to the pool.
 *
 * @throws the error of `pg`, if it cannot connect
 */
export async function listenOn(pool: PostgresPool, channel: string, events: ListenerEvents): Promise<Listener> {
  const client = await pool.connect();
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    destroy(client);
  };
  const lost = (error?: Error): void => {
    if (isClosed) return;
    close();
    events.lost(error ?? new Error('the server closed the connection'));
  };
  client.on('notification', ({ payload }) => {
    if (payload !== undefined) events.notified(payload);
  });
  client.on('error', lost);
  client.on('end', lost);
  try {
    // The channel is made of a hash, so it needs no quotes.
    await client.query({ text: `listen ${channel}` });
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

function destroy(client: PostgresPoolClient): void {
  client.removeAllListeners('notification');
  // A late error of a closed connection has no meaning, but without a listener it would end the process.
  client.on('error', () => undefined);
  client.release(true);
}
