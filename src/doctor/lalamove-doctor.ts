import { redact } from '../internal/redact.js';
import { secretsOfUrl } from '../api/requests/webhook-url.js';
import { clientSettings, type LalamoveAccountOptions } from '../lalamove.options.js';
import { checkLalamove } from './checks/lalamove-checks.js';
import { checkOptions } from './checks/option-checks.js';
import { checkWebhook } from './checks/webhook-checks.js';
import { Findings, type DoctorReport } from './doctor-report.js';
import type { DoctorOptions } from './doctor.options.js';

/**
 * Finds out why an account or its webhooks do not work. It sends `GET /v3/cities` to Lalamove, and posts signed test
 * events, which are too old to be handled, to the webhook URL. It never spends, changes nothing at Lalamove, and its
 * report holds no secret.
 *
 * @example
 * const report = await new LalamoveDoctor({ apiKey, apiSecret, market: 'HK' }).examine();
 * if (!report.ok) console.log(formatDoctorReport(report));
 */
export class LalamoveDoctor {
  // Private, so that no log and no JSON shows the secrets.
  readonly #options: DoctorOptions;
  readonly #describe: (problem: string) => string;

  /**
   * @param options need not be valid: what is wrong with them is reported
   * @param describe changes the sentence about a wrong option, which starts with the option's name
   */
  constructor(options: DoctorOptions, describe: (problem: string) => string = (problem) => problem) {
    this.#options = options;
    this.#describe = describe;
  }

  /** Runs all checks. It never rejects because of what it finds. */
  async examine(): Promise<DoctorReport> {
    const options = this.#options;
    const findings = new Findings();
    checkOptions(options, this.#describe, findings);
    if (isComplete(options) && !findings.hasFailed('options', 'keys', 'environment', 'market')) {
      await this.#ask(options, findings);
    }
    return findings.report((text) => redact(text, secretsOf(options)));
  }

  async #ask(options: DoctorOptions & LalamoveAccountOptions, findings: Findings): Promise<void> {
    const { webhook = {}, http, webhookUrl: url = webhook.url } = options;
    const settings = clientSettings(options, undefined);
    await checkLalamove({ settings, http }, findings);
    if (url !== undefined) await checkWebhook({ url, settings, webhook, http }, findings);
    else {
      const message = 'No webhook URL is known.';
      findings.add('webhook-url', 'skipped', message, 'Pass --webhook-url, or set LALAMOVE_WEBHOOK_URL.');
    }
  }
}

function isComplete(options: DoctorOptions): options is DoctorOptions & LalamoveAccountOptions {
  return options.apiKey !== undefined && options.apiSecret !== undefined && options.market !== undefined;
}

function secretsOf({ apiSecret, webhook, webhookUrl }: DoctorOptions): string[] {
  const others: unknown = webhook?.secrets;
  const secrets: unknown[] = [apiSecret, ...(isList(others) ? others : [])];
  const urls = [webhook?.url, webhookUrl].flatMap((url) => secretsOfUrl({ url }));
  return [...secrets, ...urls].flatMap((secret) => (typeof secret === 'string' ? [secret] : []));
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
