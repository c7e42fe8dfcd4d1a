import type { BoardDelivery } from '../../board/board-answers.js';
import type { ReasonText } from './reasons.js';

/** Properties of the dialogs that resolve a delivery. */
export interface WayDialogProps {
  readonly value: BoardDelivery;
  readonly text: ReasonText;
  /** Whether the delivery has changed since the dialog was opened. */
  readonly isOutdated: boolean;
  readonly onClose: () => void;
}
