import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CodeBlock } from '../shared/elements.js';
import { indentedJson } from '../shared/indented-json.js';

/** A body: JSON with indentation, or exactly as it was sent. */
export function BodyView({ text, label }: { text: string; label: string }): JSX.Element {
  const [isRaw, setRaw] = useState(false);
  const pretty = indentedJson(text);
  if (text === '') return <p class="quiet">{label}: empty</p>;
  return (
    <div class="body-view">
      {pretty !== undefined && (
        <label class="check">
          <input
            type="checkbox"
            checked={isRaw}
            onChange={({ currentTarget }) => {
              setRaw(currentTarget.checked);
            }}
          />
          Exactly as sent
        </label>
      )}
      <CodeBlock label={label} text={isRaw ? text : (pretty ?? text)} />
    </div>
  );
}
