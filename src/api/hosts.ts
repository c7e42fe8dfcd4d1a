/** The base URLs of Lalamove's API, by environment. */
export const LALAMOVE_HOSTS = {
  production: 'https://rest.lalamove.com',
  sandbox: 'https://rest.sandbox.lalamove.com',
} as const;
