import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { HealthProblem } from './health-problem.js';

/** Makes Terminus's result. Terminus 11 does not know `degraded`: there the result is `up`, and names the problems. */
export function healthResult<const Key extends string>(
  indicators: HealthIndicatorService,
  key: Key,
  problems: readonly HealthProblem[],
  details: Readonly<Record<string, unknown>>,
): HealthIndicatorResult<Key> {
  const session = indicators.check(key);
  const data = { ...details, ...(problems.length > 0 && { problems }) };
  if (problems.some(({ severity }) => severity === 'down')) return session.down(data);
  return problems.length > 0 && Reflect.has(session, 'degraded') ? session.degraded(data) : session.up(data);
}
