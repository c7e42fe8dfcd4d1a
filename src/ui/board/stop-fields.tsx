import type { JSX } from 'preact';
import { stopName, type StopForm } from './corrections.js';

const FIELDS = [
  { member: 'name', label: 'Name', empty: '' },
  { member: 'phone', label: 'Phone', empty: '' },
  { member: 'address', label: 'Address', empty: '' },
  { member: 'lat', label: 'Latitude', empty: 'of the address' },
  { member: 'lng', label: 'Longitude', empty: 'of the address' },
] as const;

/** Properties of {@link StopFields}. */
export interface StopFieldsProps {
  readonly stops: readonly StopForm[];
  /** As they are stored. */
  readonly before: readonly StopForm[];
  /** JSON pointers to the fields that Lalamove has refused. */
  readonly refused: readonly string[];
  readonly onChange: (stops: readonly StopForm[]) => void;
}

/** The contacts and places of a delivery, to be corrected. A stop with a refused or a changed field is open. */
export function StopFields({ stops, before, refused, onChange }: StopFieldsProps): JSX.Element {
  return (
    <div class="stop-fields">
      {stops.map((stop, index) => {
        const wrong = FIELDS.filter(({ member }) => refused.includes(pointerOf(index, member))).map(
          ({ member }) => member,
        );
        return (
          <details key={index} open={wrong.length > 0 || stop !== before[index]}>
            <summary>
              Correct {stopName(index).toLowerCase()} <span class="muted foreign">{stop.name.slice(0, 60)}</span>
            </summary>
            <div class="form-grid">
              {FIELDS.map(({ member, label, empty }) => (
                <label key={member} class={member === 'address' ? 'field field-wide' : 'field'}>
                  <span>
                    {label}
                    {wrong.includes(member) && <strong class="refused"> refused by Lalamove</strong>}
                  </span>
                  <input
                    class="input"
                    autocomplete="off"
                    placeholder={empty}
                    value={stop[member]}
                    aria-invalid={wrong.includes(member)}
                    onInput={({ currentTarget: { value } }) => {
                      onChange(stops.map((each, at) => (at === index ? { ...each, [member]: value } : each)));
                    }}
                  />
                </label>
              ))}
            </div>
          </details>
        );
      })}
    </div>
  );
}

function pointerOf(index: number, member: keyof StopForm): string {
  if (member === 'name' || member === 'phone')
    return index === 0 ? `/sender/${member}` : `/recipients/${index - 1}/${member}`;
  return member === 'address' ? `/quotation/stops/${index}/address` : `/quotation/stops/${index}/coordinates/${member}`;
}
