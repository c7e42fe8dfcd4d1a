/** Lalamove's own hosts, by environment. */
export const LALAMOVE_HOSTS = {
  production: 'https://rest.lalamove.com',
  sandbox: 'https://rest.sandbox.lalamove.com',
} as const;
