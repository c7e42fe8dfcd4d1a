import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { isRecord } from '../internal/is-record.js';

/** The full path of the page: with the global prefix of the app, unless its routes are excluded from it. */
export function pagePath(
  path: string,
  config: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions'>,
): string {
  const plain = `/${path.replace(/^\/+|\/+$/g, '')}`;
  const prefix = config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
  const { exclude = [] }: { exclude?: readonly unknown[] } = config.getGlobalPrefixOptions();
  // As Nest compares them: with the path of the route, not that of a request.
  const isExcluded = exclude.some((route) => {
    if (!isRecord(route) || !(route.pathRegex instanceof RegExp)) return false;
    const { requestMethod } = route;
    const isGet = requestMethod === RequestMethod.ALL || requestMethod === -1 || requestMethod === RequestMethod.GET;
    return isGet && route.pathRegex.test(`${plain}/:link`);
  });
  return prefix === '' || isExcluded ? plain : `/${prefix}${plain}`;
}
