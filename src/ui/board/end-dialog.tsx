import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog, Notice } from '../shared/elements.js';
import { Outdated, useAct } from './act.js';
import { resolve } from './read-board.js';
import { SureCheck } from './sure-check.js';
import type { WayDialogProps } from './way-dialog-props.js';

/** Ends a delivery of which no order is active. */
export function EndDialog({ value, text, isOutdated, onClose }: WayDialogProps): JSX.Element {
  const [isSure, setSure] = useState(!text.needsLook);
  const { problem, run } = useAct(onClose);
  const end = (): Promise<void> =>
    run(() => resolve(value.delivery, { cancel: true }, value.seen), 'The delivery has ended.');
  return (
    <Dialog title="End it without an order" onClose={onClose}>
      <p>
        <strong class="foreign">{value.delivery.reference}</strong> ends as canceled. Nothing is sent to Lalamove, and
        nothing more is ordered.
      </p>
      {text.needsLook && (
        <>
          <Notice tone="warn">If there is an order after all, its courier comes, and it is paid.</Notice>
          <SureCheck isSure={isSure} onChange={setSure} />
        </>
      )}
      <Outdated is={isOutdated} />
      {problem}
      <footer class="row dialog-foot">
        <Button onPress={onClose}>Back</Button>
        <Button kind="danger" isDisabled={!isSure || isOutdated} onPress={end}>
          End the delivery
        </Button>
      </footer>
    </Dialog>
  );
}
