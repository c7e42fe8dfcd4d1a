import type { JSX } from 'preact';

/** A person says that they have looked: the package cannot know it. */
export function SureCheck({ isSure, onChange }: { isSure: boolean; onChange: (isSure: boolean) => void }): JSX.Element {
  return (
    <label class="check sure">
      <input
        type="checkbox"
        checked={isSure}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.checked);
        }}
      />
      <span>I have looked at Lalamove: no order of this delivery is active.</span>
    </label>
  );
}
