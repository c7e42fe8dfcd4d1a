import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LedgerLine } from '../../sandbox/state/ledger.js';
import { Button, Notice, Pill } from '../shared/elements.js';
import { formatMoney } from '../shared/format.js';
import { withToast } from '../shared/toasts.js';
import { readLedger, readLedgerFor } from './read-sandbox.js';
import { hrefOf } from './route.js';
import type { SandboxView } from './store.js';
import { useLoaded } from './use-loaded.js';

/** More lines than a person reads. */
const MAX_LINES = 12;

/** The real number of couriers and the real amount paid, and what was booked twice. */
export function LedgerCard({ view }: { view: SandboxView }): JSX.Element {
  const { value, problem } = useLoaded(view.parts?.instance ?? '', view.parts?.revision, readLedger);
  const values = Object.entries(value?.byMetadata ?? {}).flatMap(([name, lines]) =>
    Object.entries(lines).map(([of, line]) => ({ name: `${name} = ${of}`, line })),
  );
  const doubles = values.filter(({ line }) => line.live.length + line.completed.length > 1);
  return (
    <section class="card" aria-label="Ledger">
      <header>
        <h2>Ledger</h2>
      </header>
      <div class="card-body stack">
        <p class="muted">What is really on the road and really paid. Compare your app with it.</p>
        {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
        {value && <Line name="All orders" line={value.total} />}
        {doubles.length > 0 && (
          <Notice tone="bad">
            The metadata of {doubles.length} bookings are on more than one order that is live or completed: perhaps
            booked twice.
          </Notice>
        )}
        {(doubles.length > 0 ? doubles : values).slice(0, MAX_LINES).map(({ name, line }) => (
          <Line key={name} name={name} line={line} />
        ))}
        {values.length > MAX_LINES && (
          <p class="quiet">
            The first {MAX_LINES} of {values.length} lines; all are in <code>GET /_sandbox/ledger</code>.
          </p>
        )}
        <LookUp view={view} />
      </div>
    </section>
  );
}

/** The line of the orders whose metadata have one value. */
function LookUp({ view }: { view: SandboxView }): JSX.Element {
  const [name, setName] = useState('reference');
  const [of, setOf] = useState('');
  const [found, setFound] = useState<{ name: string; line: LedgerLine; instance: string | undefined }>();
  const instance = view.parts?.instance;
  const lookUp = (): Promise<boolean> =>
    withToast(async () => {
      setFound({ name: `${name} = ${of}`, line: await readLedgerFor({ [name]: of }), instance });
    });
  const input = (title: string, value: string, onChange: (value: string) => void): JSX.Element => (
    <label class="field">
      <span>{title}</span>
      <input
        class="input"
        value={value}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      />
    </label>
  );
  return (
    <>
      <div class="row row-wrap form-row">
        {input('Metadata name', name, setName)}
        {input('Value', of, setOf)}
        <Button isDisabled={name === ''} onPress={lookUp}>
          Look up
        </Button>
      </div>
      {found?.instance === instance && found && (
        <div role="status">
          <Line name={found.name} line={found.line} />
        </div>
      )}
    </>
  );
}

function Line({ name, line }: { name: string; line: LedgerLine }): JSX.Element {
  const spent = Object.entries(line.spent).map(([currency, amount]) => formatMoney(amount, currency));
  const [only] = line.orderIds;
  return (
    <div class="ledger-line row row-wrap">
      <strong class="foreign grow">
        {line.orderIds.length === 1 && only !== undefined ? <a href={hrefOf('orders', only)}>{name}</a> : name}
      </strong>
      <Pill tone={line.live.length > 0 ? 'info' : 'neutral'}>{line.live.length} live</Pill>
      <Pill tone={line.completed.length > 0 ? 'good' : 'neutral'}>{line.completed.length} completed</Pill>
      <span class="nowrap">{spent.length === 0 ? 'nothing paid' : spent.join(', ')}</span>
    </div>
  );
}
