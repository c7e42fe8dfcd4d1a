import type { JSX } from 'preact';
import { Button, EmptyState } from '../shared/elements.js';
import { FaultForm } from './fault-form.js';
import { describeCount, describeFault, FAULT_PRESETS } from './fault-presets.js';
import { command, type SandboxView } from './store.js';

/** Faults: presets, a form, which are armed, and which have applied. */
export function FaultsView({ view }: { view: SandboxView }): JSX.Element {
  const { faults = [], spentFaults = [] } = view.parts ?? {};
  return (
    <div class="cards">
      <section class="card" aria-label="Armed faults">
        <header>
          <h2>Armed</h2>
          {faults.length > 0 && (
            <Button kind="quiet" onPress={() => command('faults', { method: 'DELETE' }, 'All faults were removed.')}>
              Remove all
            </Button>
          )}
        </header>
        {faults.length === 0 ? (
          <EmptyState title="No fault is armed">
            <p>Press a preset: the next call or webhook that it fits goes wrong.</p>
          </EmptyState>
        ) : (
          <ul class="rules">
            {faults.map((fault) => (
              <li key={fault.id} class="row">
                <div class="grow stack-small">
                  <strong class="foreign">{describeFault(fault)}</strong>
                  <span class="muted">
                    <code>{fault.id}</code> {describeCount(fault)}
                  </span>
                </div>
                <Button
                  label={`Remove ${fault.id}`}
                  onPress={() => command(`faults/${encodeURIComponent(fault.id)}`, { method: 'DELETE' })}
                >
                  Remove
                </Button>
              </li>
            ))}
          </ul>
        )}
        {spentFaults.length > 0 && (
          <>
            <h3 class="pad">Fired, and over</h3>
            <ul class="rules">
              {[...spentFaults].reverse().map((fault) => (
                <li key={fault.id} class="stack-small">
                  <span class="foreign">{describeFault(fault)}</span>
                  <span class="muted">
                    <code>{fault.id}</code> fired {fault.fired} ×
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section class="card" aria-label="Arm a fault">
        <header>
          <h2>Arm a fault</h2>
        </header>
        <div class="card-body stack">
          <div class="row row-wrap" role="group" aria-label="Presets">
            {FAULT_PRESETS.map(({ title, fault }) => (
              <Button key={title} onPress={() => command('faults', { method: 'POST', body: fault }, `Armed: ${title}`)}>
                {title}
              </Button>
            ))}
          </div>
          <h3>Or any other</h3>
          <FaultForm />
        </div>
      </section>
    </div>
  );
}
