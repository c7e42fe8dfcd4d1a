import type { LalamoveModuleOptions, LalamoveService } from 'nestjs-lalamove';
import { KEYS, startLalamove } from '../support/lalamove.js';
import { RawServer, type RawHandler } from '../support/raw-server.js';

/** Runs a test with a `LalamoveService` and the raw server that it calls, and closes both. */
export async function withRawLalamove(
  handle: RawHandler,
  options: Partial<LalamoveModuleOptions>,
  run: (lalamove: LalamoveService, server: RawServer) => Promise<void>,
): Promise<void> {
  const server = await RawServer.start(handle);
  const { lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, ...options });
  try {
    await run(lalamove, server);
  } finally {
    await close();
    await server.stop();
  }
}
