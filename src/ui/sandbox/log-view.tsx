import type { JSX } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import type { SandboxLogEntry } from '../../sandbox/sandbox-log.js';
import { EmptyState, Notice, Time } from '../shared/elements.js';
import { VirtualList } from '../shared/virtual-list.js';
import { readLog } from './read-sandbox.js';
import { hrefOf } from './route.js';
import { LOG_KINDS, type SandboxView } from './store.js';
import { useLoaded } from './use-loaded.js';

/** How many lines are read at first. */
const FIRST_LINES = 300;

/** More than the sandbox keeps. */
const MAX_LINES = 20_000;

/** The log of the sandbox, as the command prints it with `--log`. */
export function LogView({ view }: { view: SandboxView }): JSX.Element {
  const [kind, setKind] = useState('');
  const [limit, setLimit] = useState(FIRST_LINES);
  const { value = [], problem } = useLoaded(view.parts?.instance ?? '', `${view.version} ${limit}`, () =>
    readLog(limit),
  );
  const more = useCallback(() => {
    setLimit((before) => Math.min(MAX_LINES, before * 2));
  }, []);
  const shown = value.filter((line) => kind === '' || line.kind === kind).reverse();
  return (
    <section class="pane list-pane log" aria-label="Log">
      <div class="list-head row">
        <label class="row">
          <span class="label">Show</span>
          <select
            class="input"
            value={kind}
            onChange={({ currentTarget }) => {
              setKind(currentTarget.value);
            }}
          >
            <option value="">all lines</option>
            {LOG_KINDS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <span class="muted" role="status">
          the latest first
        </span>
      </div>
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      {shown.length === 0 && <EmptyState title="No such line yet" />}
      <VirtualList
        label="Lines of the log"
        items={shown}
        rowHeight={34}
        keyOf={({ seq }) => seq}
        row={(line) => <Line line={line} />}
        {...(value.length >= limit && { onEnd: more })}
      />
    </section>
  );
}

function Line({ line }: { line: SandboxLogEntry }): JSX.Element {
  const href = hrefIn(line);
  const text = textOf(line);
  return (
    <div class="log-line">
      <span class="quiet nowrap">
        <Time at={line.at} />
      </span>
      <span class="log-kind nowrap">{line.kind}</span>
      <span class="clip grow mono foreign" title={text}>
        {href === undefined ? text : <a href={href}>{text}</a>}
      </span>
    </div>
  );
}

/** What a line is about. */
function hrefIn(line: SandboxLogEntry): string | undefined {
  switch (line.kind) {
    case 'request':
    case 'answer':
      return hrefOf('requests', String(line.number));
    case 'fault':
      return line.number === undefined ? hrefOf('faults') : hrefOf('requests', String(line.number));
    case 'webhook':
    case 'untimely':
      return hrefOf('webhooks', `${line.eventId} ${line.type}`);
    case 'url-disabled':
      return hrefOf('webhooks');
    case 'control':
      return undefined;
    default:
      return line.orderId === undefined ? undefined : hrefOf('orders', line.orderId);
  }
}

function textOf(line: SandboxLogEntry): string {
  switch (line.kind) {
    case 'request':
      return `${line.number}: ${line.method} ${line.path}${line.verdict === 'right' ? '' : `, ${line.verdict}`}`;
    case 'answer':
      return `${line.number}: ${line.status} ${line.code ?? ''}`;
    case 'fault':
      return `${line.number === undefined ? '' : `${line.number}: `}${line.id}, ${line.what}`;
    case 'event':
      return `${line.type} ${line.now ?? ''}, ${line.orderId ?? line.market}`;
    case 'webhook':
      return `${line.outcome}, attempt ${line.attempt}, ${line.type}, ${line.url}`;
    case 'untimely':
      return line.what;
    case 'url-disabled':
      return `${line.url}, ${line.market}`;
    case 'driver':
      return `${line.lat}, ${line.lng}, ${line.orderId}`;
    case 'step':
      return `${line.step}${line.stop === undefined ? '' : ` at drop-off ${line.stop}`}, ${line.orderId}`;
    case 'script-ended':
      return `before ${line.step}: ${line.why}`;
    case 'control':
      return line.what;
  }
}
