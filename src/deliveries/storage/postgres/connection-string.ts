import { wordsOf } from '../../../internal/log-line.js';
import { isConnectionString } from './postgres-settings.js';

/** The message for a connection string that is not safe. It never quotes it. */
export const CONNECTION_STRING_PROBLEM =
  'The connection string must be a URL like postgres://user:password@host:5432/name. In the password write @ as %40, ' +
  '/ as %2F, ? as %3F, # as %23 and % as %25.';

/** Whether an argument is meant as a connection string, and not as a file. */
export function looksLikeConnectionString(argument: string): boolean {
  return /^postgres(ql)?:/i.test(argument);
}

/**
 * Whether the parts of a connection string are where they seem to be. A `/`, `?` or `#` in a password that is not
 * percent-encoded would make the rest of the password a part of the database's name, which errors quote.
 */
export function isSafeConnectionString(text: string): boolean {
  if (!isConnectionString(text)) return false;
  try {
    const { pathname, search, hash, username, password } = urlOf(text);
    decodeURIComponent(`${username}${password}`);
    return !`${pathname}${search}${hash}`.includes('@');
  } catch {
    return false;
  }
}

/** The message of an error, without the password of a connection string. */
export function wordsWithoutPassword(error: unknown, connectionString: string): string {
  const { password, searchParams } = urlOf(connectionString);
  const secrets = [password, decodeURIComponent(password), searchParams.get('password') ?? ''];
  return secrets
    .filter((secret) => secret !== '')
    .reduce((words, secret) => words.replaceAll(secret, '***'), wordsOf(error));
}

/** `pg` allows an empty host, for a socket of the machine. */
function urlOf(connectionString: string): URL {
  return new URL(connectionString.replace('@/', '@localhost/'));
}
