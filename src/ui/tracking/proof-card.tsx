import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TrackingView } from '../../tracking/tracking-view.js';
import { usePage } from './page-context.js';

/** That it was handed over, with Lalamove's picture. */
export function ProofCard({ proof }: { proof: NonNullable<TrackingView['proof']> }): JSX.Element | null {
  const { say, format, settings } = usePage();
  const [broken, setBroken] = useState<string>();
  const { image } = proof;
  if (proof.status === 'failed') return null;
  return (
    <section class="card proof" aria-labelledby="proof-title">
      <div class="card-text">
        <h2 id="proof-title">{say('proof')}</h2>
        {proof.at !== undefined && (
          <p class="muted">
            {say(proof.status === 'signed' ? 'proof_signed' : 'proof_delivered', { time: format.time(proof.at) })}
          </p>
        )}
      </div>
      {image !== undefined &&
        (image === broken ? (
          <p class="proof-away muted">{say('proof_image_away')}</p>
        ) : (
          <img
            class="proof-image"
            src={`${settings.here}proof?${image}`}
            alt={say('proof_image')}
            onError={() => {
              setBroken(image);
            }}
          />
        ))}
    </section>
  );
}
