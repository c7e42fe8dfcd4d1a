import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SandboxOrder } from '../../sandbox/control/control-views.js';
import { Button } from '../shared/elements.js';
import { CONFIG } from './config.js';
import { jsonIn, JsonField } from './json-field.js';
import { EXAMPLE_STEPS, OWN_STEPS, ScriptSelect } from './script-field.js';
import { isLive } from './statuses.js';
import { command } from './store.js';

/** A step of the courier or of customer service. */
interface Action {
  readonly title: string;
  readonly step: object;
  readonly kind?: 'primary' | 'danger';
}

const DELIVERING: readonly Action[] = [
  { title: 'Deliver', step: { do: 'deliver' }, kind: 'primary' },
  { title: 'Deliver, signed', step: { do: 'deliver', proof: 'signature' } },
  { title: 'Fail', step: { do: 'fail' } },
  { title: 'Complete order', step: { do: 'complete' } },
  { title: 'Give back', step: { do: 'reject' } },
];

function stepsFor(status: string, market: string): readonly Action[] {
  if (status === 'ASSIGNING_DRIVER') return [{ title: 'Driver accepts', step: { do: 'accept' }, kind: 'primary' }];
  if (status === 'ON_GOING')
    return [
      { title: 'Arrive', step: { do: 'arrive' } },
      { title: 'Pick up', step: { do: 'pick-up' }, kind: 'primary' },
      { title: 'Give back', step: { do: 'reject' } },
    ];
  // Brazil alone has the status DELIVERING.
  const setOff = market === 'BR' ? [{ title: 'Set off', step: { do: 'set-off' } }] : [];
  if (status === 'PICKED_UP') return [...setOff, ...DELIVERING];
  return status === 'DELIVERING' ? DELIVERING : [];
}

const CANCELLATIONS: readonly Action[] = [
  { title: 'Customer', step: { do: 'cancel', by: 'USER' } },
  { title: 'Driver', step: { do: 'cancel', by: 'DRIVER' } },
  { title: 'Support', step: { do: 'cancel', by: 'LALAMOVE_CUSTOMER_SUPPORT' } },
];

/** The buttons that move an order on. */
export function OrderActions({ order }: { order: SandboxOrder }): JSX.Element {
  const { orderId, status } = order.order;
  const path = `orders/${encodeURIComponent(orderId)}`;
  const button = ({ title, step, kind }: Action, label?: string): JSX.Element => (
    <Button
      key={title}
      kind={kind ?? 'plain'}
      {...(label !== undefined && { label })}
      onPress={() => command(`${path}/steps`, { method: 'POST', body: step })}
    >
      {title}
    </Button>
  );
  if (!isLive(status)) return <p class="muted">The order has ended. No step can follow.</p>;
  const end = (name: string): Promise<boolean> => command(`${path}/status`, { method: 'POST', body: { status: name } });
  return (
    <div class="stack actions">
      <div class="row row-wrap" role="group" aria-label="Next step">
        {stepsFor(status, order.market).map((action) => button(action))}
      </div>
      <div class="row row-wrap" role="group" aria-label="Cancel by">
        <span class="label">Cancel by</span>
        {CANCELLATIONS.map((action) => button(action, `Cancel by ${action.title.toLowerCase()}`))}
        <span class="label">or</span>
        <Button label="Reject the order" onPress={() => end('REJECTED')}>
          Reject
        </Button>
        {status === 'ASSIGNING_DRIVER' && <Button onPress={() => end('EXPIRED')}>Expire</Button>}
        {button({ title: 'Replace', step: { do: 'replace' } }, 'Replace by another order')}
      </div>
      <ScriptForm path={path} steps={order.steps} />
      <OtherForm path={path} status={status} />
      {order.driver && <DriverForm path={path} order={order} />}
    </div>
  );
}

function ScriptForm({ path, steps }: { path: string; steps: SandboxOrder['steps'] }): JSX.Element {
  const [name, setName] = useState('prompt');
  const [text, setText] = useState(EXAMPLE_STEPS);
  const isOwn = name === OWN_STEPS;
  const { value, problem } = jsonIn(text);
  const names = steps.map((step) => step.do).join(', ');
  return (
    <>
      <div class="row row-wrap">
        <label class="row">
          <span class="label">Script</span>
          <ScriptSelect value={name} onChange={setName} />
        </label>
        <Button
          isDisabled={isOwn && problem !== undefined}
          onPress={() => command(`${path}/script`, { method: 'PUT', body: { script: isOwn ? value : name } })}
        >
          Start script
        </Button>
        <span class="quiet clip">{names === '' ? 'no steps by itself' : `still to come: ${names}`}</span>
      </div>
      {isOwn && <JsonField label="Steps" text={text} rows={5} onChange={setText} />}
    </>
  );
}

/** What the buttons above do not offer. */
function OtherForm({ path, status }: { path: string; status: string }): JSX.Element {
  const [text, setText] = useState('{ "do": "cancel", "by": "USER", "reason": "Too late" }');
  const [next, setNext] = useState(status);
  const { value, problem } = jsonIn(text);
  return (
    <details class="more">
      <summary>Any other step or status</summary>
      <div class="stack">
        <JsonField label="Step, as JSON" text={text} rows={2} onChange={setText} />
        <div class="row row-wrap">
          <Button
            isDisabled={problem !== undefined}
            onPress={() => command(`${path}/steps`, { method: 'POST', body: value ?? {} })}
          >
            Do this step
          </Button>
          <label class="row">
            <span class="label">or status</span>
            <select
              class="input"
              value={next}
              onChange={({ currentTarget }) => {
                setNext(currentTarget.value);
              }}
            >
              {CONFIG.choices.statuses.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <Button onPress={() => command(`${path}/status`, { method: 'POST', body: { status: next } })}>
            Move to this status
          </Button>
        </div>
      </div>
    </details>
  );
}

function DriverForm({ path, order }: { path: string; order: SandboxOrder }): JSX.Element {
  const [place, setPlace] = useState('');
  const stops = order.order.stops.map(({ coordinates }, index) => ({
    title: index === 0 ? 'at the pick-up' : `at drop-off ${index}`,
    value: `${coordinates.lat}, ${coordinates.lng}`,
  }));
  const [lat = Number.NaN, lng = Number.NaN] = place.split(/[,\s]+/).map(Number);
  const isPlace = place !== '' && Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
  return (
    <div class="row row-wrap">
      <label class="row">
        <span class="label">Place driver</span>
        <input
          class="input place"
          list="driver-places"
          placeholder="22.28, 114.15"
          value={place}
          onInput={({ currentTarget }) => {
            setPlace(currentTarget.value);
          }}
        />
      </label>
      <datalist id="driver-places">
        {stops.map(({ title, value }) => (
          <option key={title} value={value}>
            {title}
          </option>
        ))}
      </datalist>
      <Button
        isDisabled={!isPlace}
        onPress={() => command(`${path}/driver`, { method: 'PUT', body: { lat, lng } }, 'The driver was placed.')}
      >
        Place
      </Button>
    </div>
  );
}
