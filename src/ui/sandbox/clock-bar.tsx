import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog, Pill } from '../shared/elements.js';
import { formatDateTime, formatTime } from '../shared/format.js';
import { useNow } from '../shared/use-now.js';
import { command, sandboxNow, type SandboxView } from './store.js';

const STEPS = ['1m', '5m', '30m', '2h', '1d'] as const;
const SPEEDS = [0, 1, 10, 60, 600] as const;

const advance = (by: string): Promise<boolean> =>
  command('clock/advance', { method: 'POST', body: { by } }, `The clock was advanced by ${by}.`);

const setSpeed = (speed: number): Promise<boolean> => command('clock', { method: 'PUT', body: { speed } });

/** The sandbox's clock, with what is used most. The rest is in a dialog. */
export function ClockBar({ view }: { view: SandboxView }): JSX.Element {
  useNow(500);
  const [isOpen, setOpen] = useState(false);
  const speed = view.parts?.time.speed ?? 1;
  const now = sandboxNow(view);
  const close = (): void => {
    setOpen(false);
  };
  return (
    <div class="clock row">
      <Button
        kind="quiet"
        onPress={() => {
          setOpen(true);
        }}
      >
        <span class="visually-hidden">Clock of the sandbox: </span>
        <span class="clock-time">{formatTime(now)}</span>
        {speed !== 1 && <Pill tone="warn">{speed === 0 ? 'frozen' : `× ${speed}`}</Pill>}
      </Button>
      <span class="clock-quick row">
        <Button
          label={speed === 0 ? 'Run the clock' : 'Freeze the clock'}
          onPress={() => setSpeed(speed === 0 ? 1 : 0)}
        >
          {speed === 0 ? 'Run' : 'Freeze'}
        </Button>
        <Button label="Advance the clock: +5 min" onPress={() => advance('5m')}>
          +5 min
        </Button>
        <Button label="Advance the clock: +2 h" onPress={() => advance('2h')}>
          +2 h
        </Button>
      </span>
      {isOpen && <ClockDialog view={view} onClose={close} />}
    </div>
  );
}

function ClockDialog({ view, onClose }: { view: SandboxView; onClose: () => void }): JSX.Element {
  useNow(500);
  const [by, setBy] = useState('1h 30m');
  const speed = view.parts?.time.speed ?? 1;
  const [own, setOwn] = useState(String(speed));
  const now = sandboxNow(view);
  return (
    <Dialog title="Clock of the sandbox" onClose={onClose}>
      <p class="clock-large">
        {formatDateTime(now)} <span class="quiet">{new Date(now).toISOString()}</span>
      </p>
      <div class="stack-small">
        <h3>Advance</h3>
        <p class="muted">
          What falls due on the way happens in its order: expiries, drivers, webhooks and their retries.
        </p>
        <div class="row row-wrap">
          {STEPS.map((step) => (
            <Button key={step} onPress={() => advance(step)}>
              +{step}
            </Button>
          ))}
        </div>
        <div class="row row-wrap">
          <label class="row">
            <span class="label">By</span>
            <input
              class="input"
              value={by}
              onInput={({ currentTarget }) => {
                setBy(currentTarget.value);
              }}
            />
          </label>
          <Button kind="primary" onPress={() => advance(by)}>
            Advance
          </Button>
        </div>
      </div>
      <div class="stack-small">
        <h3>Speed</h3>
        <div class="row row-wrap">
          {SPEEDS.map((each) => (
            <Button key={each} kind={each === speed ? 'primary' : 'plain'} onPress={() => setSpeed(each)}>
              {each === 0 ? 'Freeze' : each === 1 ? 'Real time' : `× ${each}`}
            </Button>
          ))}
          <label class="row">
            <span class="label">Other</span>
            <input
              class="input short"
              inputMode="decimal"
              value={own}
              onInput={({ currentTarget }) => {
                setOwn(currentTarget.value);
              }}
            />
          </label>
          <Button label="Set the speed" onPress={() => setSpeed(Number(own))}>
            Set
          </Button>
        </div>
        {speed !== 1 && (
          <p class="muted">
            Your app has another time now, and drops webhooks as too old or too new. Give its modules the option{' '}
            <code>clock: sandboxClock('{location.origin}')</code>.
          </p>
        )}
      </div>
    </Dialog>
  );
}
