import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoardDelivery } from '../../board/board-answers.js';
import { Button } from '../shared/elements.js';
import { CONFIG } from './config.js';
import { EndDialog } from './end-dialog.js';
import { OrderDialog } from './order-dialog.js';
import { attentionOf, fieldName, type ReasonText, type Way } from './reasons.js';
import { RebookDialog } from './rebook-dialog.js';
import type { WayDialogProps } from './way-dialog-props.js';

/** A dialog with the delivery as it was when the dialog was opened: the operator decides on that. */
interface OpenDialog {
  readonly way: Way;
  readonly value: BoardDelivery;
  readonly text: ReasonText;
}

const BUTTONS: Readonly<Record<Way, string>> = {
  order: 'Give the order id…',
  rebook: 'Book again…',
  end: 'End it without an order…',
};

/** Why a delivery cannot go on by itself, and the buttons that resolve it. */
export function AttentionCard({ value }: { value: BoardDelivery }): JSX.Element | null {
  const [open, setOpen] = useState<OpenDialog>();
  const text = attentionOf(value);
  const dialog = open && (
    <WayDialog
      open={open}
      isOutdated={value.seen !== open.value.seen}
      onClose={() => {
        setOpen(undefined);
      }}
    />
  );
  if (!text) return dialog ?? null;
  const { reason, state } = value.delivery;
  const isErased = value.stops === undefined;
  const ways = text.ways.filter((way) => way !== 'rebook' || !isErased);
  return (
    <section class={state === 'failed' ? 'attention attention-failed' : 'attention'} aria-labelledby="attention-title">
      <h3 id="attention-title">{text.title}</h3>
      <p class="foreign">{text.text}</p>
      {reason?.fields && reason.fields.length > 0 && (
        <p class="foreign">Refused: {reason.fields.map(fieldName).join(', ')}.</p>
      )}
      {!CONFIG.isReadOnly && ways.length > 0 && (
        <p class="row row-wrap">
          {ways.map((way, index) => (
            <Button
              key={way}
              kind={index === 0 ? 'primary' : 'plain'}
              onPress={() => {
                setOpen({ way, value, text });
              }}
            >
              {BUTTONS[way]}
            </Button>
          ))}
        </p>
      )}
      {CONFIG.isReadOnly && ways.length > 0 && (
        <p class="quiet">You may look only. An operator who may act must decide.</p>
      )}
      {reason && (
        <details>
          <summary class="muted">Stored reason: {reason.code}</summary>
          <p class="muted foreign">{reason.message}</p>
        </details>
      )}
      {dialog}
    </section>
  );
}

function WayDialog({
  open: { way, ...opened },
  ...given
}: { open: OpenDialog } & Pick<WayDialogProps, 'isOutdated' | 'onClose'>): JSX.Element {
  const props = { ...opened, ...given };
  if (way === 'order') return <OrderDialog {...props} />;
  return way === 'rebook' ? <RebookDialog {...props} /> : <EndDialog {...props} />;
}
