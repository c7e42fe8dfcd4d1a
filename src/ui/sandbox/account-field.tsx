import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SandboxView } from './store.js';

/** An account in a market, as the control API takes it. */
export interface Account {
  readonly market: string;
  readonly apiKey: string;
}

/** The account that a form is about. */
export function useAccount(view: SandboxView): readonly [Account, (account: Account) => void] {
  const used = view.parts?.wallets[0] ?? view.parts?.urls[0];
  return useState<Account>({
    market: used?.market ?? 'HK',
    apiKey: used?.apiKey ?? view.parts?.info.apiKeys[0] ?? '',
  });
}

/** Properties of {@link AccountFields}. */
export interface AccountFieldsProps {
  readonly view: SandboxView;
  readonly account: Account;
  readonly onChange: (account: Account) => void;
}

/** The choice of a market and a key. */
export function AccountFields({ view, account, onChange }: AccountFieldsProps): JSX.Element {
  const { markets = [], apiKeys = [] } = view.parts?.info ?? {};
  return (
    <>
      <label class="field">
        <span>Market</span>
        <select
          class="input"
          value={account.market}
          onChange={({ currentTarget }) => {
            onChange({ ...account, market: currentTarget.value });
          }}
        >
          {markets.map((market) => (
            <option key={market}>{market}</option>
          ))}
        </select>
      </label>
      {apiKeys.length > 1 && (
        <label class="field">
          <span>Key</span>
          <select
            class="input"
            value={account.apiKey}
            onChange={({ currentTarget }) => {
              onChange({ ...account, apiKey: currentTarget.value });
            }}
          >
            {apiKeys.map((apiKey) => (
              <option key={apiKey}>{apiKey}</option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
