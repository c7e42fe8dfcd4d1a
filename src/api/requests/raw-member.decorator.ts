import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';

/**
 * A member that is judged as it came, and is let through whatever else a host's pipe leaves out: `enableImplicitConversion` would make `true` of
 * `"false"` and a text of a number that has lost digits; `excludeExtraneousValues` takes what is not exposed for unknown.
 */
export function RawMember(): PropertyDecorator {
  return applyDecorators(
    Expose(),
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key], { toClassOnly: true }),
  );
}
