import type { JSX } from 'preact';
import type { ListedDelivery } from '../../deliveries/inspection.js';
import { EmptyState, Pill } from '../shared/elements.js';
import { formatDuration } from '../shared/format.js';
import { useNow } from '../shared/use-now.js';
import { VirtualList } from '../shared/virtual-list.js';
import { money } from './money.js';
import type { DeliveryKey } from './read-board.js';
import { reasonText } from './reasons.js';
import { hrefOf, isSame } from './route.js';
import { emptyText, TITLES, toneOf, type Filter } from './states.js';
import type { Row } from './use-list.js';

/** Three lines and their padding. */
const ROW_HEIGHT = 84;

/** Properties of {@link DeliveryRows}. */
export interface DeliveryRowsProps {
  readonly rows: readonly Row[];
  readonly filter: Filter;
  readonly selected: DeliveryKey | undefined;
  readonly onEnd?: () => void;
}

/** The lines of a list. */
export function DeliveryRows({ rows, filter, selected, onEnd }: DeliveryRowsProps): JSX.Element {
  const now = useNow(10_000);
  if (rows.length === 0) {
    const { title, text } = emptyText(filter);
    return (
      <EmptyState title={title}>
        <p>{text}</p>
      </EmptyState>
    );
  }
  return (
    <VirtualList
      label="Deliveries"
      items={rows}
      rowHeight={ROW_HEIGHT}
      keyOf={({ key }) => key}
      {...(onEnd && { onEnd })}
      row={(row) =>
        'delivery' in row ? (
          <Line
            delivery={row.delivery}
            now={now}
            href={hrefOf(filter, row.delivery)}
            isSelected={isSame(row.delivery, selected)}
          />
        ) : (
          <a
            class="item"
            href={hrefOf(filter, row.unreadable)}
            aria-current={isSame(row.unreadable, selected) || undefined}
          >
            <span class="item-line">
              <strong class="clip grow">{row.unreadable.reference}</strong>
              <Pill tone="bad">unreadable</Pill>
            </span>
            <span class="item-line muted">Its row is damaged, or of another version. The log says more.</span>
          </a>
        )
      }
    />
  );
}

interface LineProps {
  readonly delivery: ListedDelivery;
  readonly now: number;
  readonly href: string;
  readonly isSelected: boolean;
}

function Line({ delivery, now, href, isSelected }: LineProps): JSX.Element {
  const { reference, account, state, reason, price, recipients, dropOffs, createdAt } = delivery;
  return (
    <a class="item" href={href} aria-current={isSelected ? 'true' : undefined}>
      <span class="item-line">
        <strong class="clip grow">{short(reference)}</strong>
        {account !== undefined && <span class="quiet clip">{short(account)}</span>}
        <Pill tone={toneOf(state)}>{TITLES[state]}</Pill>
      </span>
      <span class="item-line">
        {reason ? (
          <span class="clip grow reason">{short(reasonText(reason).title)}</span>
        ) : (
          <Recipients recipients={recipients} dropOffs={dropOffs} />
        )}
      </span>
      <span class="item-line muted">
        <span class="clip grow mono">{delivery.orderId ?? 'no order'}</span>
        {price && <span class="nowrap">{money(price.total, price.currency)}</span>}
        <span class="quiet nowrap age">{formatDuration(now - Date.parse(createdAt))}</span>
      </span>
    </a>
  );
}

/** Whom it goes to. Each text is apart, because one may change the direction of writing. */
function Recipients({ recipients, dropOffs }: Pick<ListedDelivery, 'recipients' | 'dropOffs'>): JSX.Element {
  if (!recipients || !dropOffs) return <span class="clip grow quiet">Personal data erased</span>;
  const [name = '', ...others] = recipients;
  return (
    <span class="clip grow muted">
      <bdi>{short(name)}</bdi>
      {others.length > 0 && ` and ${others.length} more`} · <bdi>{short(dropOffs[0] ?? '')}</bdi>
    </span>
  );
}

/** A line shows no more of a long text than this. */
function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
