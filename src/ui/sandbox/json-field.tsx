import type { JSX } from 'preact';
import { Notice } from '../shared/elements.js';

/** A text that should be JSON. */
export interface ReadJson {
  readonly value: object | undefined;
  /** Why it cannot be used. */
  readonly problem: string | undefined;
}

/** Reads the text of a {@link JsonField}. */
export function jsonIn(text: string): ReadJson {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { value, problem: undefined };
    return { value: undefined, problem: 'Give a JSON object or list.' };
  } catch (error) {
    return { value: undefined, problem: error instanceof Error ? error.message : 'This is no JSON.' };
  }
}

/** Properties of {@link JsonField}. */
export interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly rows?: number;
}

/** A field for JSON. It says at once what is wrong. */
export function JsonField({ label, text, onChange, rows = 4 }: JsonFieldProps): JSX.Element {
  const { problem } = jsonIn(text);
  return (
    <div class="json-field">
      <label class="field">
        <span>{label}</span>
        <textarea
          class="input mono"
          rows={rows}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => {
            onChange(currentTarget.value);
          }}
        />
      </label>
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
    </div>
  );
}
