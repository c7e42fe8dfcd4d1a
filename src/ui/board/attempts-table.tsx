import type { JSX } from 'preact';
import type { BoardDelivery } from '../../board/board-answers.js';
import type { InspectedAttempt } from '../../deliveries/inspection.js';
import { EmptyState, Pill, Time, type Tone } from '../shared/elements.js';
import { money } from './money.js';

const OUTCOMES: Readonly<Record<InspectedAttempt['outcome'], { tone: Tone; text: string }>> = {
  reserved: { tone: 'info', text: 'The order is being placed.' },
  placed: { tone: 'good', text: 'Lalamove has the order.' },
  refused: { tone: 'neutral', text: 'Lalamove has refused it. Nothing was ordered.' },
  unknown: { tone: 'warn', text: 'It is not known whether Lalamove has the order.' },
  abandoned: { tone: 'warn', text: 'It was given up without knowing. If its order turns up, it is canceled.' },
  replaced: { tone: 'neutral', text: 'Customer service has replaced its order.' },
};

/** The attempts to place an order, and what they cost. */
export function AttemptsTable({ value: { attempts } }: { value: BoardDelivery }): JSX.Element {
  if (attempts.length === 0)
    return (
      <EmptyState title="No attempt yet">
        <p>An attempt is stored before its order is placed, so that no order is placed twice.</p>
      </EmptyState>
    );
  return (
    <ol class="attempts">
      {attempts.map(({ number, outcome, quotationId, orderId, total, currency, reservedAt, settledAt }) => (
        <li key={number} class="card">
          <div class="row row-wrap">
            <strong>Attempt {number}</strong>
            <Pill tone={OUTCOMES[outcome].tone}>{outcome}</Pill>
            <span class="grow" />
            <strong>{money(total, currency)}</strong>
          </div>
          <p class="muted">{OUTCOMES[outcome].text}</p>
          <dl class="facts">
            <dt>Order</dt>
            <dd class="mono">{orderId ?? 'none'}</dd>
            <dt>Quotation</dt>
            <dd class="mono">{quotationId}</dd>
            <dt>Reserved</dt>
            <dd>
              <Time at={reservedAt} isLong />
            </dd>
            {settledAt !== undefined && (
              <>
                <dt>Settled</dt>
                <dd>
                  <Time at={settledAt} isLong />
                </dd>
              </>
            )}
          </dl>
        </li>
      ))}
    </ol>
  );
}
