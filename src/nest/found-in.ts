import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/** A provider of any module of the app; `undefined` if there is none, or if it is request-scoped. */
export function foundIn<Provided>(
  moduleRef: Pick<ModuleRef, 'get'>,
  token: InjectionToken<Provided>,
): Provided | undefined {
  try {
    return moduleRef.get(token, { strict: false });
  } catch {
    return undefined;
  }
}
