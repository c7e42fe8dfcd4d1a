import type { JSX } from 'preact';
import type { RequestRow } from '../../sandbox/control/page-rows.js';
import { EmptyState, Pill, Time } from '../shared/elements.js';
import { counted } from '../shared/format.js';
import { VirtualList } from '../shared/virtual-list.js';
import { Connection } from './first-steps.js';
import { RequestDetail } from './request-detail.js';
import { hrefOf } from './route.js';
import { toneOfAnswer } from './statuses.js';
import { loadOlderRequests, type SandboxView } from './store.js';

const loadOlder = (): void => void loadOlderRequests();

/** The requests to the API, and the selected one. */
export function RequestsView({
  view,
  id,
  found,
}: {
  view: SandboxView;
  id: string;
  found: readonly RequestRow[] | undefined;
}): JSX.Element {
  if (view.requests.length === 0 && id === '')
    return (
      <EmptyState title="No requests yet">
        <p>Each call of your app will be here, with the verdict on its signature and what was answered.</p>
        <Connection />
      </EmptyState>
    );
  const shown = found ?? view.requests;
  return (
    <div class={id === '' ? 'panes' : 'panes panes-selected'}>
      <section class="pane list-pane" aria-label="Requests">
        <div class="list-head row">
          <span class="muted" role="status">
            {counted(found?.length ?? view.parts?.info.counts.requests ?? 0, 'request')}, latest first
          </span>
        </div>
        {shown.length === 0 && <EmptyState title="No request contains this text" />}
        <VirtualList
          label="Requests"
          items={shown}
          rowHeight={60}
          keyOf={({ number }) => number}
          row={(row) => <RequestItem row={row} isSelected={String(row.number) === id} />}
          {...(!found && { onEnd: loadOlder })}
        />
      </section>
      <section class="pane detail-pane" aria-label="Selected request">
        {id === '' ? (
          <EmptyState title="Select a request">
            <p>You will see whether its signature was right, what was answered and why, and the same as a curl line.</p>
          </EmptyState>
        ) : (
          <RequestDetail id={id} view={view} />
        )}
      </section>
    </div>
  );
}

function RequestItem({ row, isSelected }: { row: RequestRow; isSelected: boolean }): JSX.Element {
  const { number, at, method, path, operation, verdict, status, code, fault } = row;
  return (
    <a class="item" href={hrefOf('requests', String(number))} aria-current={isSelected ? 'true' : undefined}>
      <span class="item-line">
        <strong class="clip grow">{operation ?? `${method} ${path}`}</strong>
        {fault !== undefined && <Pill tone="warn">fault</Pill>}
        <Pill tone={toneOfAnswer(status)}>{status ?? 'no answer'}</Pill>
      </span>
      <span class="item-line muted">
        <span class="clip grow mono">
          {method} {path}
        </span>
        <span class="clip">{verdict === 'right' ? code : verdict}</span>
        <span class="quiet nowrap">
          <Time at={at} />
        </span>
      </span>
    </a>
  );
}
