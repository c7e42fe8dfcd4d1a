/** What the server wrote into the page for its code. The server is of the same version, so the type is trusted. */
export function pageConfig<Config extends object>(isRight: (value: unknown) => value is Config): Config {
  const text = document.getElementById('page-config')?.textContent ?? 'null';
  const value: unknown = JSON.parse(text);
  if (isRight(value)) return value;
  throw new TypeError('The page has no configuration that this version of its code understands: reload it.');
}
