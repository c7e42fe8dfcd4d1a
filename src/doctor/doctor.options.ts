import type { LalamoveAccountOptions } from '../lalamove.options.js';

/** What {@link LalamoveDoctor} looks at: the options of an account, and two facts that an account does not need. */
export interface DoctorOptions extends Partial<LalamoveAccountOptions> {
  /** The language of your quotations, such as `en_HK`. Without it the report names the languages of the market. */
  language?: string;
  /**
   * The public URL of the webhooks, which is tested from outside.
   *
   * @default `webhook.url`
   */
  webhookUrl?: string;
}
