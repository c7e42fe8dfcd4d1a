import { lalamoveOptionsFromEnv, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveSandbox, type DriverStep } from 'nestjs-lalamove/sandbox';

/** Drivers that are fast enough to watch: from the order to its completion in less than a minute. */
const QUICK_DRIVERS: DriverStep[] = [
  { do: 'accept', after: '8s' },
  { do: 'arrive', after: '5s' },
  { do: 'pick-up', after: '5s' },
  { do: 'deliver', after: '30s' },
  { do: 'complete', after: '2s' },
];

/** The real Lalamove if the environment has keys, else a sandbox in this process. */
export async function lalamoveAccount(): Promise<{ options: LalamoveModuleOptions; sandbox?: LalamoveSandbox }> {
  if (process.env.LALAMOVE_API_KEY) return { options: lalamoveOptionsFromEnv() };
  const sandbox = await LalamoveSandbox.start({ drivers: QUICK_DRIVERS });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  return { sandbox, options: { apiKey, apiSecret, market: 'HK', baseUrl } };
}
