import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog } from '../shared/elements.js';
import { Outdated, useAct } from './act.js';
import { resolve } from './read-board.js';
import type { WayDialogProps } from './way-dialog-props.js';

/** Takes the id of the order that the delivery has. */
export function OrderDialog({ value, isOutdated, onClose }: WayDialogProps): JSX.Element {
  const [orderId, setOrderId] = useState('');
  const { problem, run } = useAct(onClose);
  const given = orderId.trim();
  const follow = (): Promise<void> =>
    run(() => resolve(value.delivery, { orderId: given }, value.seen), `Order ${given} is followed now.`);
  return (
    <Dialog title="Give the order id" onClose={onClose}>
      <p>
        The order is read from Lalamove, and <strong class="foreign">{value.delivery.reference}</strong> follows it from
        there. Nothing is ordered, and no money is spent.
      </p>
      <label class="field">
        <span>Order id, as Lalamove’s app shows it</span>
        <input
          class="input mono"
          inputMode="numeric"
          autocomplete="off"
          value={orderId}
          onInput={({ currentTarget }) => {
            setOrderId(currentTarget.value);
          }}
        />
      </label>
      <Outdated is={isOutdated} />
      {problem}
      <footer class="row dialog-foot">
        <Button onPress={onClose}>Back</Button>
        <Button kind="primary" isDisabled={isOutdated || !/^\d{1,30}$/.test(given)} onPress={follow}>
          Follow this order
        </Button>
      </footer>
    </Dialog>
  );
}
