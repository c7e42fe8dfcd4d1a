import { lalamoveOptionsFromEnv, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

/** With keys in the environment the real Lalamove; without them a sandbox that lives in this process. */
export async function lalamoveAccount(): Promise<{ options: LalamoveModuleOptions; sandbox?: LalamoveSandbox }> {
  if (process.env.LALAMOVE_API_KEY) return { options: lalamoveOptionsFromEnv() };
  const sandbox = await LalamoveSandbox.start();
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  return { sandbox, options: { apiKey, apiSecret, market: 'HK', baseUrl } };
}
