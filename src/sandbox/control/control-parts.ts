import type { ApiServer } from '../api/api-server.js';
import type { SandboxParts } from '../api/sandbox-call.js';
import type { FaultInjector } from '../faults/fault-injector.js';
import type { Snapshot } from '../state/sandbox-world.js';

/** The parts of the sandbox that the control API uses. */
export interface ControlParts extends SandboxParts {
  readonly api: ApiServer;
  readonly faults: FaultInjector;
  readonly snapshots: Map<string, Snapshot>;
  /** Refuses connections for this many ms of real time. */
  readonly refuseConnections: (ms: number) => void;
}
