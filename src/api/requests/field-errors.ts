import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';

/** A fault of a request, and where it is: a JSON pointer (RFC 6901) into what would be sent. */
export interface FieldError {
  message: string;
  pointer: string;
}

/**
 * Checks an input against its DTO. Fields that the DTO does not know are let through, so that what Lalamove adds can be sent before this
 * package knows it. Never throws.
 *
 * @returns one entry a field, empty where all is well
 */
export function fieldErrors<T extends object>(dto: ClassConstructor<T>, input: unknown): FieldError[] {
  if (!isRecord(input)) {
    return [{ pointer: '/data', message: 'must be an object' }];
  }
  try {
    const instance = plainToInstance(dto, input);
    // A Date or a Map stays what it is.
    if (!(instance instanceof dto)) return [{ pointer: '/data', message: 'must be a plain object' }];
    return validateSync(instance, { forbidUnknownValues: false }).flatMap((error) => flatten(error, '/data'));
  } catch {
    // E.g. an input that contains itself.
    return [{ pointer: '/data', message: 'cannot be read as a plain object' }];
  }
}

function flatten({ property, constraints, children }: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.values(constraints ?? {});
  return [
    ...(own.length > 0 ? [{ pointer, message: own.join('; ') }] : []),
    ...(children ?? []).flatMap((child) => flatten(child, pointer)),
  ];
}
