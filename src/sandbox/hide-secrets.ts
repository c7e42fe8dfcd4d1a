import type { SandboxAccount } from './sandbox.options.js';

/** A shorter secret is one of a test, and would hide ordinary letters. */
const MIN_LENGTH = 4;

/** Hides the secrets of accounts in a text, also as a URL, as JSON, or as Basic authentication has them. */
export function hideSecrets(text: string, accounts: readonly Pick<SandboxAccount, 'apiKey' | 'apiSecret'>[]): string {
  let shown = text;
  for (const { apiKey, apiSecret } of accounts) {
    if (apiSecret.length < MIN_LENGTH) continue;
    const forms = [
      apiSecret,
      encodeURIComponent(apiSecret),
      JSON.stringify(apiSecret).slice(1, -1),
      Buffer.from(`${apiKey}:${apiSecret}`).toString('base64'),
    ];
    for (const form of forms) shown = shown.replaceAll(form, '[secret]');
  }
  return shown;
}
