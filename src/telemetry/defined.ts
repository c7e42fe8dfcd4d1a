import type { Attributes } from '@opentelemetry/api';

/** Attributes without those that are `undefined`: each would be a label of the metric. */
export function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
