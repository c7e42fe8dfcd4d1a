import { LALAMOVE_HOSTS } from '../../api/hosts.js';
import { MARKET_LANGUAGES } from '../../api/market-languages.js';
import { environmentOfKey, optionProblems } from '../../lalamove.option-checks.js';
import type { DoctorOptions } from '../doctor.options.js';
import type { DoctorCheck, Findings } from '../doctor-report.js';

/** The check to which a problem of an option belongs; by default `options`. */
const CHECK_OF: Readonly<Record<string, DoctorCheck>> = {
  apiKey: 'keys',
  apiSecret: 'keys',
  environment: 'environment',
  baseUrl: 'environment',
  market: 'market',
};

/**
 * Checks the options themselves. Nothing is sent.
 *
 * @param describe adds the name of a variable to a problem that starts with the name of its option
 */
export function checkOptions(options: DoctorOptions, describe: (problem: string) => string, findings: Findings): void {
  const { language, webhookUrl, ...account } = options;
  const merged = webhookUrl === undefined ? account : { ...account, webhook: { ...account.webhook, url: webhookUrl } };
  const problems = new Map<DoctorCheck, string[]>();
  for (const problem of [...optionProblems(merged, false), ...keyProblems(options)]) {
    const check = CHECK_OF[problem.split(' ', 1)[0] ?? ''] ?? 'options';
    problems.set(check, [...(problems.get(check) ?? []), describe(problem)]);
  }
  for (const [check, found] of problems) {
    const them = found.length === 1 ? 'it' : 'them';
    findings.add(check, 'failed', found.join(' '), `Correct ${them}, and run the doctor again.`);
  }
  findings.add('options', 'ok', 'The options are valid.');
  findings.add('keys', ...keysFound(options));
  findings.add('environment', 'ok', environmentFound(options));
  checkMarket(options.market ?? '', findings);
  checkLanguage(options.market?.toUpperCase() ?? '', language, findings);
}

/** Mistakes that the check at boot lets through. */
function keyProblems({ apiKey, apiSecret }: DoctorOptions): string[] {
  const problems = Object.entries({ apiKey, apiSecret }).flatMap(([option, value]) => {
    if (typeof value !== 'string') return [];
    if (/^["'`]|["'`]$/.test(value)) return [`${option} has quotation marks around it: remove them.`];
    return /^[ps]k_(test|prod)_.{0,3}$/.test(value) ? [`${option} is too short: copy the whole key.`] : [];
  });
  if (apiKey !== undefined && apiKey === apiSecret)
    problems.push('apiSecret equals apiKey: give the secret key (sk_…).');
  return problems;
}

function keysFound({ apiKey = '', apiSecret = '' }: DoctorOptions): ['ok' | 'warning', string, string?] {
  const [key, secret] = [prefixOf(apiKey), prefixOf(apiSecret)];
  if (key !== undefined && secret !== undefined) return ['ok', `The keys are ${key}… and ${secret}….`];
  const odd = key === undefined ? 'The API key starts with neither pk_test_ nor pk_prod_.' : '';
  const oddSecret = secret === undefined ? 'The secret starts with neither sk_test_ nor sk_prod_.' : '';
  const message = [odd, oddSecret].filter((text) => text !== '').join(' ');
  return ['warning', message, "Compare the keys with those of Lalamove's partner portal."];
}

/** Only the prefix of a key may be shown. */
function prefixOf(key: string): string | undefined {
  return /^[ps]k_(?:test|prod)_/.exec(key)?.[0];
}

function environmentFound({ apiKey, environment, baseUrl }: DoctorOptions): string {
  const name = environment ?? environmentOfKey(apiKey) ?? 'sandbox';
  return `The environment is ${name}; calls go to ${originOf(baseUrl ?? LALAMOVE_HOSTS[name])}.`;
}

/** The origin and the path of a URL: its query may be secret. */
export function originOf(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL';
  const { origin, pathname } = new URL(url);
  return origin + (pathname === '/' ? '' : pathname);
}

function checkMarket(market: string, findings: Findings): void {
  const code = market.toUpperCase();
  if (code in MARKET_LANGUAGES) {
    findings.add('market', 'ok', `The market is ${code}.`);
    return;
  }
  const known = Object.keys(MARKET_LANGUAGES).join(' ');
  findings.add(
    'market',
    'warning',
    `The market ${code} is not a known one.`,
    `Known are ${known}. Check the spelling.`,
  );
}

function checkLanguage(market: string, language: string | undefined, findings: Findings): void {
  const languages = MARKET_LANGUAGES[market];
  const known = languages?.join(', ') ?? '';
  if (language === undefined) {
    const names = languages ? ` The languages of ${market} are ${known}.` : '';
    findings.add('language', 'skipped', `No language was given.${names}`, 'Pass --language to check it.');
  } else if (languages === undefined) {
    findings.add('language', 'skipped', `The languages of the market ${market} are not known.`);
  } else if (languages.includes(language)) {
    findings.add('language', 'ok', `${language} is a language of ${market}.`);
  } else {
    const message = `The language is not one of ${market}.`;
    findings.add('language', 'failed', message, `Use ${known} in quotations: Lalamove refuses others.`);
  }
}
