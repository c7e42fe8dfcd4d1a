import type { LalamoveInboxHost } from '../webhooks/inbox/inbox-host.js';
import { DeliveriesOptionsException } from './deliveries-options.exception.js';

/** The apps that have deliveries, each by the one host of its inbox. */
const APPS = new WeakSet<LalamoveInboxHost>();

/**
 * @throws DeliveriesOptionsException for the second module of an app: before its file is opened, which may be the
 * first one's
 */
export function refuseSecondModule(inboxes: LalamoveInboxHost): void {
  if (APPS.has(inboxes)) {
    throw new DeliveriesOptionsException([
      'DeliveriesModule is imported twice in this app, and two inboxes would compete for its webhooks: ' +
        'import it once, in the root module (it is global). Several accounts need one module alone ' +
        '(register them by name, or give accounts.resolve); several files need an app each.',
    ]);
  }
  APPS.add(inboxes);
}
