/** The base URLs of Lalamove's API, by environment. */
export const LALAMOVE_HOSTS = {
  production: 'https://rest.lalamove.com',
  sandbox: 'https://rest.sandbox.lalamove.com',
} as const;

/** A base URL without a slash or the version at its end, because every path begins with them. */
export function withoutVersion(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '').replace(/\/+v3$/, '');
}
