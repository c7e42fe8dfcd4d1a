import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog } from '../shared/elements.js';
import { formatMoney } from '../shared/format.js';
import { AccountFields, useAccount } from './account-field.js';
import { Connection } from './first-steps.js';
import { jsonIn, JsonField } from './json-field.js';
import { LedgerCard } from './ledger-card.js';
import { EXAMPLE_STEPS, OWN_STEPS, ScriptSelect } from './script-field.js';
import { command, type SandboxView } from './store.js';

/** What belongs to the whole sandbox. */
export function SandboxOverview({ view }: { view: SandboxView }): JSX.Element {
  return (
    <div class="cards">
      <div class="stack">
        <Card title="Connect your app">
          <Connection />
        </Card>
        <Wallets view={view} />
        <Facts view={view} />
      </div>
      <div class="stack">
        <Drivers view={view} />
        <Snapshots view={view} />
        <Network />
        <LedgerCard view={view} />
      </div>
    </div>
  );
}

function Card({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div class="card-body stack">{children}</div>
    </section>
  );
}

function Wallets({ view }: { view: SandboxView }): JSX.Element {
  const [account, setAccount] = useAccount(view);
  const [balance, setBalance] = useState('0');
  const wallets = view.parts?.wallets ?? [];
  return (
    <Card title="Wallets">
      {wallets.length === 0 ? (
        <p class="muted">No wallet was used yet. Each account has one in each market.</p>
      ) : (
        <dl class="facts">
          {wallets.map((wallet) => (
            <>
              <dt>
                {wallet.market} <span class="quiet">{wallet.apiKey}</span>
              </dt>
              <dd>{formatMoney(wallet.balance, wallet.currency, wallet.market)}</dd>
            </>
          ))}
        </dl>
      )}
      <div class="row row-wrap form-row">
        <AccountFields view={view} account={account} onChange={setAccount} />
        <label class="field">
          <span>Balance</span>
          <input
            class="input short"
            inputMode="decimal"
            value={balance}
            onInput={({ currentTarget }) => {
              setBalance(currentTarget.value);
            }}
          />
        </label>
        <Button
          onPress={() => command('wallets', { method: 'PUT', body: { ...account, balance } }, 'The balance was set.')}
        >
          Set balance
        </Button>
      </div>
    </Card>
  );
}

function Drivers({ view }: { view: SandboxView }): JSX.Element {
  const script = view.parts?.info.drivers ?? 'still';
  const [isOwn, setOwn] = useState(false);
  const [text, setText] = useState<string>();
  const set = (chosen: unknown): Promise<boolean> =>
    command('drivers', { method: 'PUT', body: { script: chosen } }, 'The script was set.');
  const isList = typeof script !== 'string';
  const steps = text ?? (isList ? JSON.stringify(script, null, 2) : EXAMPLE_STEPS);
  const { value, problem } = jsonIn(steps);
  return (
    <Card title="Drivers">
      <p class="muted">What happens with orders that are placed from now on.</p>
      <label class="field">
        <span>Script</span>
        <ScriptSelect
          value={isOwn || isList ? OWN_STEPS : script}
          onChange={(name) => {
            setOwn(name === OWN_STEPS);
            if (name !== OWN_STEPS) void set(name);
          }}
        />
      </label>
      {(isOwn || isList) && (
        <>
          <JsonField label="Steps" text={steps} rows={5} onChange={setText} />
          <div class="row">
            <Button isDisabled={problem !== undefined} onPress={() => set(value)}>
              Set steps
            </Button>
          </div>
        </>
      )}
    </Card>
  );
}

function Snapshots({ view }: { view: SandboxView }): JSX.Element {
  const snapshots = view.parts?.snapshots ?? [];
  const restore = (id: string): Promise<boolean> =>
    command(`snapshots/${encodeURIComponent(id)}/restore`, { method: 'POST' }, 'The snapshot was restored.');
  return (
    <Card title="Snapshots">
      <p class="muted">The whole state, also the time and everything scheduled; not the requests and the log.</p>
      <div class="row">
        <Button onPress={() => command('snapshots', { method: 'POST' }, 'The snapshot was taken.')}>
          Take a snapshot
        </Button>
      </div>
      {snapshots.map((id, index) => (
        <div key={id} class="row">
          <span class="grow clip">
            {index + 1}. <code>{id}</code>
          </span>
          <Button label={`Restore snapshot ${index + 1}`} onPress={() => restore(id)}>
            Restore
          </Button>
        </div>
      ))}
    </Card>
  );
}

function Network(): JSX.Element {
  const [forMs, setForMs] = useState('5000');
  const [isAsking, setAsking] = useState(false);
  const stopAsking = (): void => {
    setAsking(false);
  };
  return (
    <Card title="Break or clear">
      <div class="row row-wrap form-row">
        <label class="field">
          <span>Refuse connections for, ms</span>
          <input
            class="input short"
            inputMode="numeric"
            value={forMs}
            onInput={({ currentTarget }) => {
              setForMs(currentTarget.value);
            }}
          />
        </label>
        <Button onPress={() => command('refuse', { method: 'POST', body: { forMs: Number(forMs) } })}>Refuse</Button>
      </div>
      <p class="muted">This page is refused too, and connects again by itself.</p>
      <div class="row">
        <Button
          kind="danger"
          onPress={() => {
            setAsking(true);
          }}
        >
          Clear everything…
        </Button>
      </div>
      {isAsking && (
        <Dialog title="Clear everything?" onClose={stopAsking}>
          <p>Orders, quotations, wallets, webhook URLs, events, requests, faults and snapshots are deleted.</p>
          <div class="row">
            <Button
              kind="danger"
              onPress={async () => {
                if (await command('', { method: 'DELETE' }, 'Everything was cleared.')) stopAsking();
              }}
            >
              Clear
            </Button>
            <Button onPress={stopAsking}>Keep it</Button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}

function Facts({ view }: { view: SandboxView }): JSX.Element {
  const info = view.parts?.info;
  return (
    <Card title="This sandbox">
      <dl class="facts">
        <dt>URL</dt>
        <dd class="mono">{location.origin}</dd>
        <dt>Keys</dt>
        <dd class="mono">{info?.apiKeys.join(', ')}</dd>
        <dt>Markets</dt>
        <dd>{info?.markets.join(', ')}</dd>
        <dt>Rate limits</dt>
        <dd>{info?.rateLimits === false ? 'off' : info?.rateLimits}</dd>
        <dt>Dialect</dt>
        <dd>{info?.dialect}</dd>
        <dt>Seed</dt>
        <dd class="mono">{info?.seed}</dd>
        <dt>Started as</dt>
        <dd class="mono">{info?.instance}</dd>
      </dl>
    </Card>
  );
}
