import type { JSX } from 'preact';
import type { BoardSummary } from '../../board/board-answers.js';
import { formatDateTime, formatDuration } from '../shared/format.js';
import { money } from './money.js';

/** From this lag on, something is wrong: workers act within seconds. */
const LATE_MS = 60_000;

interface Metric {
  readonly name: string;
  readonly value: string;
  /** What it means, for a person who has not read the documents. */
  readonly title: string;
  readonly isBad: boolean;
}

function metricsOf(summary: BoardSummary): Metric[] {
  const count = (name: string, value: number, title: string): Metric => ({
    name,
    value: value.toLocaleString(),
    title,
    isBad: value > 0,
  });
  const lag = (name: string, ms: number, title: string): Metric => ({
    name,
    value: ms < 1_000 ? 'none' : formatDuration(ms),
    title,
    isBad: ms >= LATE_MS,
  });
  const all = [
    count('Unknown outcomes', summary.unknownAttempts, 'Attempts of which it is not known whether there is an order'),
    lag('Work waits', summary.lagMs, 'How long the oldest due delivery has waited for a worker'),
    lag('Events wait', summary.outboxLagMs, 'How long the oldest event has waited for its handlers in your app'),
    {
      ...count('Pending events', summary.pendingEvents, 'Events that wait for their handlers in your app'),
      isBad: false,
    },
    { ...count('Unmatched webhooks', summary.unmatched, 'Webhooks whose order is not known yet'), isBad: false },
  ];
  const rare = [
    count('Events set aside', summary.setAsideEvents, 'Events whose handlers have failed too often'),
    count('Webhooks set aside', summary.setAsideUnmatched, 'Webhooks whose order did not become known in time'),
    count('Unreadable rows', summary.unreadable, 'Damaged rows, or rows of another version: the log names each'),
  ];
  const wallets = summary.wallets.map(({ account, currency, amount, at }): Metric => ({
    name: account === undefined ? 'Wallet' : `Wallet of ${account}`,
    value: money(amount, currency),
    title: `As the last webhook said, ${formatDateTime(at)}`,
    isBad: Number(amount) <= 0,
  }));
  return [...all, ...rare.filter(({ isBad }) => isBad), ...wallets];
}

/** The figures of the whole system. */
export function MetricsStrip({ summary }: { summary: BoardSummary | undefined }): JSX.Element | null {
  if (!summary) return null;
  return (
    <dl class="metrics">
      {metricsOf(summary).map(({ name, value, title, isBad }) => (
        <div key={name} class={isBad ? 'metric metric-bad' : 'metric'} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
