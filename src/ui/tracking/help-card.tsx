import type { JSX } from 'preact';
import { Icon } from './icons.js';
import { usePage } from './page-context.js';

/** How to reach the host. */
export function HelpCard(): JSX.Element | null {
  const { say, settings } = usePage();
  const { name: brand, support } = settings.brand;
  if (!support) return null;
  const { phone, email, url } = support;
  return (
    <section class="card help" aria-labelledby="help-title">
      <div class="card-text">
        <h2 id="help-title">{say('help')}</h2>
      </div>
      <ul>
        {phone !== undefined && (
          <li>
            <a href={`tel:${phone}`}>
              <Icon name="phone" />
              <span>{say('help_phone', { brand })}</span>
              <bdi class="muted">{phone}</bdi>
            </a>
          </li>
        )}
        {email !== undefined && (
          <li>
            <a href={`mailto:${email}`}>
              <Icon name="mail" />
              <span>{say('help_email', { brand })}</span>
              <bdi class="muted">{email}</bdi>
            </a>
          </li>
        )}
        {url !== undefined && (
          <li>
            <a href={url} rel="noreferrer noopener">
              <Icon name="globe" />
              <span>{say('help_site', { brand })}</span>
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}
