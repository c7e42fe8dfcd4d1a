import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';
import { Documented, type MemberDocs } from './member-docs.js';

/**
 * Keeps a member of a DTO unchanged for any `ValidationPipe` of the host. Without it `enableImplicitConversion` would
 * turn `"false"` into `true`, and a number without its last digits into a string. `excludeExtraneousValues` would
 * remove a member that is not exposed.
 *
 * @param docs what an OpenAPI document says of the member
 */
export function RawMember(docs: MemberDocs): PropertyDecorator {
  return applyDecorators(
    Expose(),
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key], { toClassOnly: true }),
    Documented(docs),
  );
}
