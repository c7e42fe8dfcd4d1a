import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OrderRow } from '../../sandbox/control/page-rows.js';
import { EmptyState, Pill } from '../shared/elements.js';
import { counted, formatDuration, formatMoney, words } from '../shared/format.js';
import { useNow } from '../shared/use-now.js';
import { VirtualList } from '../shared/virtual-list.js';
import { FirstSteps } from './first-steps.js';
import { OrderDetail } from './order-detail.js';
import { CourierMap } from './order-map.js';
import { hrefOf } from './route.js';
import { isLive, toneOfOrder } from './statuses.js';
import { sandboxNow, type SandboxView } from './store.js';

const FILTERS = [
  'all',
  'live',
  'ASSIGNING_DRIVER',
  'ON_GOING',
  'PICKED_UP',
  'DELIVERING',
  'COMPLETED',
  'ended',
] as const;
type Filter = (typeof FILTERS)[number];

const TITLES: Partial<Record<Filter, string>> = { ended: 'canceled, rejected, expired' };

function fits(filter: Filter, { status }: OrderRow): boolean {
  if (filter === 'all') return true;
  if (filter === 'live') return isLive(status);
  return filter === 'ended' ? !isLive(status) && status !== 'COMPLETED' : status === filter;
}

/** The orders, and the selected one. */
export function OrdersView({
  view,
  id,
  found,
}: {
  view: SandboxView;
  id: string;
  found: readonly OrderRow[] | undefined;
}): JSX.Element {
  useNow();
  const [filter, setFilter] = useState<Filter>('all');
  if (view.orders.length === 0 && id === '') return <FirstSteps />;
  const now = sandboxNow(view);
  // What was found may have changed since.
  const current = found && new Set(found.map((row) => row.id));
  const all = current ? view.orders.filter((row) => current.has(row.id)) : view.orders;
  const shown = filter === 'all' ? all : all.filter((row) => fits(filter, row));
  return (
    <div class={id === '' ? 'panes' : 'panes panes-selected'}>
      <section class="pane list-pane" aria-label="Orders">
        <div class="list-head row">
          <label class="row grow">
            <span class="label">Show</span>
            <select
              class="input grow"
              value={filter}
              onChange={({ currentTarget }) => {
                setFilter(FILTERS.find((each) => each === currentTarget.value) ?? 'all');
              }}
            >
              {FILTERS.map((name) => (
                <option key={name} value={name}>
                  {TITLES[name] ?? words(name)}
                </option>
              ))}
            </select>
          </label>
          <span class="muted nowrap" role="status">
            {counted(shown.length, 'order')}
          </span>
        </div>
        {shown.length === 0 ? (
          <EmptyState title="No order fits">
            <p>Show all orders, or change the search.</p>
          </EmptyState>
        ) : (
          <VirtualList
            label="Orders"
            items={shown}
            rowHeight={68}
            keyOf={(row) => row.id}
            row={(row) => <OrderItem row={row} now={now} isSelected={row.id === id} />}
          />
        )}
      </section>
      <section class="pane detail-pane" aria-label="Selected order">
        {id === '' ? (
          <div class="overview">
            <CourierMap view={view} />
            <p class="muted pad">Select an order to see its stops, what happened, and the buttons that move it on.</p>
          </div>
        ) : (
          <OrderDetail id={id} view={view} />
        )}
      </section>
    </div>
  );
}

function OrderItem({ row, now, isSelected }: { row: OrderRow; now: number; isSelected: boolean }): JSX.Element {
  return (
    <a class="item" href={hrefOf('orders', row.id)} aria-current={isSelected ? 'true' : undefined}>
      <span class="item-line">
        <strong class="clip grow">{row.reference ?? row.id}</strong>
        <Pill tone={toneOfOrder(row.status)}>{words(row.status)}</Pill>
      </span>
      <span class="item-line muted">
        <span class="clip grow">
          <bdi>{row.from}</bdi> → <bdi>{row.to}</bdi>
          {row.stops > 2 && ` (+${row.stops - 2})`}
        </span>
        <span class="nowrap">{formatMoney(row.total, row.currency, row.market)}</span>
        <span class="nowrap quiet age">{formatDuration(now - row.placedAt)}</span>
      </span>
    </a>
  );
}
