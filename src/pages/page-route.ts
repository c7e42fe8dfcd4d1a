import { SetMetadata } from '@nestjs/common';
import type { OptionCheck } from '../internal/validate-options.js';

/** The check of a page's `path`. */
export const PATH_CHECK: Omit<OptionCheck, 'remedy'> = {
  holds: (value) => typeof value === 'string' && /^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/.test(value),
  required: true,
};

/**
 * Keeps the routes of a page out of OpenAPI documents, because they are no API. It is the metadata of
 * `ApiExcludeController()` of `@nestjs/swagger`, which is no dependency.
 */
export const NotInOpenApi = (): ClassDecorator => SetMetadata('swagger/apiExcludeController', [true]);
