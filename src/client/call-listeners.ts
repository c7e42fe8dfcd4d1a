import type { LalamoveHooks } from './call-hooks.js';

/** The hooks of this package's other entry points (health, telemetry). They are called for all accounts of an app. */
export type CallListeners = Set<LalamoveHooks>;

/** Injection token of {@link CallListeners}: a text, because an app may load two copies of this package. */
export const CALL_LISTENERS = 'nestjs-lalamove:call-listeners';
