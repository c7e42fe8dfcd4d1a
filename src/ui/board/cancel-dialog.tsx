import type { JSX } from 'preact';
import type { BoardDelivery } from '../../board/board-answers.js';
import { Button, Dialog } from '../shared/elements.js';
import { useAct } from './act.js';
import { cancel } from './read-board.js';

/** Cancels a delivery, with its order. */
export function CancelDialog({ value, onClose }: { value: BoardDelivery; onClose: () => void }): JSX.Element {
  const { problem, run } = useAct(onClose);
  const { delivery } = value;
  const { orderId, reference } = delivery;
  return (
    <Dialog title="Cancel delivery" onClose={onClose}>
      {orderId === undefined ? (
        <p>
          <strong class="foreign">{reference}</strong> has no known order. It ends as canceled; an order that turns up
          later is canceled too.
        </p>
      ) : (
        <p>
          Order <span class="mono">{orderId}</span> of <strong class="foreign">{reference}</strong> is canceled at
          Lalamove, which may charge for it. If Lalamove refuses, because the driver has come too far, the delivery goes
          on.
        </p>
      )}
      <p class="muted">This cannot be taken back.</p>
      {problem}
      <footer class="row dialog-foot">
        <Button onPress={onClose}>Back</Button>
        <Button kind="danger" onPress={() => run(() => cancel(delivery), 'The cancellation is stored.')}>
          Cancel the delivery
        </Button>
      </footer>
    </Dialog>
  );
}
