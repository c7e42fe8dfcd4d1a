import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';

/** One validation error. `pointer` is a JSON pointer (RFC 6901) into the request body. */
export interface FieldError {
  message: string;
  pointer: string;
}

/**
 * Validates an input against its DTO. Unknown fields are allowed, so that new fields of Lalamove's can be sent before
 * this package has them. Never throws.
 *
 * @returns one entry for each invalid field; empty if the input is valid
 */
export function fieldErrors<T extends object>(dto: ClassConstructor<T>, input: unknown): FieldError[] {
  if (!isRecord(input)) {
    return [{ pointer: '/data', message: 'must be an object' }];
  }
  try {
    const instance = plainToInstance(dto, input);
    // `plainToInstance` does not convert a Date or a Map.
    if (!(instance instanceof dto)) return [{ pointer: '/data', message: 'must be a plain object' }];
    return validateSync(instance, { forbidUnknownValues: false }).flatMap((error) => flatten(error, '/data'));
  } catch {
    // For example an input with a circular reference.
    return [{ pointer: '/data', message: 'cannot be read as a plain object' }];
  }
}

function flatten({ property, constraints, children }: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  // A member has one message at most: see `OneRule`.
  const [message] = Object.values(constraints ?? {});
  return [
    ...(message === undefined ? [] : [{ pointer, message }]),
    ...(children ?? []).flatMap((child) => flatten(child, pointer)),
  ];
}
