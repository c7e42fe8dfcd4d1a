import type { JSX } from 'preact';
import { CONFIG } from './config.js';

/** The choice of steps of your own. No script has this name. */
export const OWN_STEPS = '';

/** Steps to begin with. */
export const EXAMPLE_STEPS = `[
  { "do": "accept", "after": "1m" },
  { "do": "arrive", "after": "20m" },
  { "do": "cancel", "by": "DRIVER" }
]`;

/** Properties of {@link ScriptSelect}. */
export interface ScriptSelectProps {
  readonly value: string;
  readonly onChange: (name: string) => void;
}

/** The choice of a drivers' script: one by its name, or steps of your own. */
export function ScriptSelect({ value, onChange }: ScriptSelectProps): JSX.Element {
  return (
    <select
      class="input"
      value={value}
      onChange={({ currentTarget }) => {
        onChange(currentTarget.value);
      }}
    >
      {CONFIG.choices.scripts.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
      <option value={OWN_STEPS}>steps, as JSON…</option>
    </select>
  );
}
