import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog } from '../shared/elements.js';
import { AccountFields, useAccount } from './account-field.js';
import { CONFIG } from './config.js';
import { jsonIn, JsonField } from './json-field.js';
import { command, type SandboxView } from './store.js';

/** A form that sends an event of any type and content. */
export function SendEventDialog({ view, onClose }: { view: SandboxView; onClose: () => void }): JSX.Element {
  const [account, setAccount] = useAccount(view);
  const [eventType, setType] = useState('ORDER_STATUS_CHANGED');
  const [data, setData] = useState('{\n  "order": {}\n}');
  const { value, problem } = jsonIn(data);
  const send = async (): Promise<void> => {
    const body = { ...account, eventType, data: value };
    if (await command('webhooks', { method: 'POST', body }, 'The event is sent.')) onClose();
  };
  return (
    <Dialog title="Send an event" onClose={onClose}>
      <AccountFields view={view} account={account} onChange={setAccount} />
      <label class="field">
        <span>Type</span>
        <input
          class="input"
          list="event-types"
          value={eventType}
          onInput={({ currentTarget }) => {
            setType(currentTarget.value);
          }}
        />
        <datalist id="event-types">
          {CONFIG.choices.eventTypes.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
      </label>
      <JsonField label="data, as JSON" text={data} rows={8} onChange={setData} />
      <div class="row">
        <Button kind="primary" isDisabled={problem !== undefined || eventType === ''} onPress={send}>
          Send
        </Button>
        <span class="muted">It is signed with the secret of the account.</span>
      </div>
    </Dialog>
  );
}
