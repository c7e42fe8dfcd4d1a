import { rowOfStatus } from '../errors/error-catalog.js';
import { START_SANDBOX } from '../internal/is-loopback.js';
import type { HealthProblem } from './health-problem.js';
import type { LalamoveFailureFacts, LalamoveReading } from './lalamove-check.js';
import type { LalamoveHealthOptions } from './lalamove-health.options.js';
import type { OperationRoom } from './rate-limit-room.js';

/** The limits that a reading is compared with. */
export type LalamoveThresholds = Required<Pick<LalamoveHealthOptions, 'maxClockSkewMs' | 'minRateLimitRoom'>>;

/** The account has no registration. */
export function notRegistered(account: string | undefined): HealthProblem {
  const name = account === undefined ? 'default account' : `account ${JSON.stringify(account)}`;
  return {
    reason: 'NOT_REGISTERED',
    severity: 'down',
    message: `The app has no LalamoveModule for the ${name}.`,
    remedy: 'Import LalamoveModule.forRoot() with this name, or give isHealthy() the name of a registered account.',
  };
}

/** Finds the problems of a reading. */
export function lalamoveProblems(
  { failure, clockSkewMs }: LalamoveReading,
  room: OperationRoom | undefined,
  { maxClockSkewMs, minRateLimitRoom }: LalamoveThresholds,
): HealthProblem[] {
  const isSkewed = clockSkewMs !== undefined && Math.abs(clockSkewMs) > maxClockSkewMs;
  const problems = isSkewed ? [skewed(clockSkewMs)] : [];
  if (failure) problems.push(failed(failure, isSkewed));
  else if (room && room.remaining < room.limit * minRateLimitRoom) problems.push(low(room));
  return problems;
}

function skewed(clockSkewMs: number): HealthProblem {
  const seconds = Math.round(Math.abs(clockSkewMs) / 1000);
  return {
    reason: 'CLOCK_SKEWED',
    severity: 'down',
    message: `The clock of this machine is ${seconds} s ${clockSkewMs > 0 ? 'ahead of' : 'behind'} Lalamove's.`,
    remedy: 'Synchronize the clock (NTP, chrony): signatures contain the time.',
  };
}

function low({ operation, limit, remaining }: OperationRoom): HealthProblem {
  return {
    reason: 'RATE_LIMIT_LOW',
    severity: 'degraded',
    message: `Of ${limit} requests a minute of ${operation}, ${remaining} are left.`,
    remedy: 'Send fewer calls, share the limits of several processes, or ask Lalamove for a higher limit.',
  };
}

function failed({ code, upstreamStatus, isLoopback }: LalamoveFailureFacts, isSkewed: boolean): HealthProblem {
  const down = (reason: HealthProblem['reason'], message: string, remedy: string): HealthProblem => ({
    reason,
    severity: 'down',
    message: `${message}${upstreamStatus === undefined ? '' : ` (status ${upstreamStatus}, ${code ?? 'no code'})`}.`,
    remedy,
  });
  if (code === 'ERR_INVALID_MARKET' || code === 'ERR_INVALID_COUNTRY') {
    return down('MARKET_REFUSED', 'Lalamove refused the market', 'Correct the option market: it must fit the keys.');
  }
  switch (upstreamStatus) {
    case undefined:
      return withoutAnswer(code, isLoopback, down);
    case 401:
      return down(
        'KEYS_REFUSED',
        'Lalamove refused the API key or the signature',
        isSkewed
          ? 'Correct the clock first. If the keys are still refused then, correct them.'
          : 'Correct apiKey and apiSecret: both of the same environment, without white space.',
      );
    case 403:
      return down(
        'KEYS_REFUSED',
        'Lalamove does not let the account in',
        'Ask Lalamove whether the account is active.',
      );
    case 429:
      return down('RATE_LIMITED', 'Lalamove takes no more requests now', LESS);
    default:
      return down(
        'LALAMOVE_FAILS',
        'Lalamove answered with an error',
        rowOfStatus(upstreamStatus).bare?.[upstreamStatus] ?? 'Try again later; if it lasts, ask Lalamove.',
      );
  }
}

const LESS = 'Wait a minute. If it happens again, send fewer calls, or share the limits of several processes.';

function withoutAnswer(
  code: string | undefined,
  isLoopback: boolean,
  down: (reason: HealthProblem['reason'], message: string, remedy: string) => HealthProblem,
): HealthProblem {
  switch (code) {
    case 'LALAMOVE_RATE_LIMITED':
      return down('RATE_LIMITED', 'More calls wait for the rate limit than Lalamove takes in time', LESS);
    case undefined:
    case 'LALAMOVE_TIMEOUT':
    case 'LALAMOVE_ABORTED':
      return down('TIMEOUT', 'Lalamove did not answer in time', 'Check the network, the proxy and timeoutMs.');
    default:
      return down(
        'UNREACHABLE',
        `Lalamove could not be reached (${code})`,
        isLoopback ? START_SANDBOX : 'Check baseUrl, DNS, the proxy and the firewall for outgoing connections.',
      );
  }
}
