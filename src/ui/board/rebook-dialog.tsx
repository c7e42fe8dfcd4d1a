import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Dialog, Notice } from '../shared/elements.js';
import { Outdated, useAct } from './act.js';
import { changesOf, corrections, stopForms, type StopForm } from './corrections.js';
import { currencyOf, money } from './money.js';
import { resolve } from './read-board.js';
import { StopFields } from './stop-fields.js';
import { SureCheck } from './sure-check.js';
import type { WayDialogProps } from './way-dialog-props.js';

/** Books a delivery again. First it is corrected, then it says exactly what it will do. */
export function RebookDialog({ value, text, isOutdated, onClose }: WayDialogProps): JSX.Element {
  const [before] = useState(() => stopForms(value));
  const [after, setAfter] = useState<readonly StopForm[]>(before);
  const [limit, setLimit] = useState(value.maxPrice ?? '');
  const [isSure, setSure] = useState(!text.needsLook);
  const [isAsking, setAsking] = useState(false);
  const { problem, run } = useAct(onClose);
  const { delivery } = value;
  const currency = currencyOf(value);
  const maxPrice = limit.trim();
  const isLimitRight = maxPrice === '' ? value.maxPrice === undefined : /^\d{1,12}(\.\d{1,4})?$/.test(maxPrice);
  // The server decides; this only offers nothing that it is sure to refuse.
  const isCorrectable = !text.needsLook && value.attempts.every(({ outcome }) => outcome !== 'unknown');
  const changed = corrections(before, after);
  const book = (): Promise<void> => {
    const changes = changesOf(before, after);
    const resolution = {
      rebook: true,
      // Always: what is ordered costs no more than the operator has seen.
      ...(maxPrice !== '' && { maxPrice }),
      ...(changes && { changes }),
    } as const;
    return run(() => resolve(delivery, resolution, value.seen), 'It is booked again.');
  };
  if (isAsking)
    return (
      <Dialog title="Book again: are you sure?" onClose={onClose}>
        <Notice tone="warn">
          <strong>This spends money.</strong> A new order is placed at Lalamove, and a courier comes.
        </Notice>
        <ol class="plan">
          {changed.map(({ what, from, to }) => (
            <li key={what} class="foreign">
              {what}: <del>{from === '' ? 'empty' : from}</del> → <ins>{to === '' ? 'empty' : to}</ins>
            </li>
          ))}
          <li>Lalamove is asked for a new quotation.</li>
          <li>
            {maxPrice === '' ? (
              'It is ordered at whatever it costs: this delivery has no price limit.'
            ) : (
              <>
                It is ordered if it costs <strong>{money(maxPrice, currency)}</strong> or less. Otherwise it needs
                attention again.
              </>
            )}
          </li>
          {text.needsLook && <li>If there is an order after all, two couriers come, and both are paid.</li>}
        </ol>
        <Outdated is={isOutdated} />
        {problem}
        <footer class="row dialog-foot">
          <Button
            onPress={() => {
              setAsking(false);
            }}
          >
            Back
          </Button>
          <Button kind="primary" isDisabled={isOutdated} onPress={book}>
            Book again
          </Button>
        </footer>
      </Dialog>
    );
  return (
    <Dialog title="Book again" onClose={onClose}>
      <p>
        <strong class="foreign">{delivery.reference}</strong> is quoted and ordered again under the same reference. You
        see everything once more before it is done.
      </p>
      <label class="field">
        <span>
          Price limit{currency === '' ? '' : ` in ${currency}`}
          {delivery.price && `: the last price was ${money(delivery.price.total, currency)}`}
        </span>
        <input
          class="input"
          inputMode="decimal"
          autocomplete="off"
          placeholder="no limit"
          value={limit}
          aria-invalid={!isLimitRight}
          onInput={({ currentTarget }) => {
            setLimit(currentTarget.value);
          }}
        />
      </label>
      {isCorrectable ? (
        <StopFields stops={after} before={before} refused={delivery.reason?.fields ?? []} onChange={setAfter} />
      ) : (
        <p class="muted">
          Names, phones and addresses cannot be corrected here, because an order with the old ones may still turn up.
        </p>
      )}
      {text.needsLook && <SureCheck isSure={isSure} onChange={setSure} />}
      <Outdated is={isOutdated} />
      {problem}
      <footer class="row dialog-foot">
        <Button onPress={onClose}>Back</Button>
        <Button
          kind="primary"
          isDisabled={!isSure || !isLimitRight}
          onPress={() => {
            setAsking(true);
          }}
        >
          Continue…
        </Button>
      </footer>
    </Dialog>
  );
}
