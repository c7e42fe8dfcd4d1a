import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse } from '@nestjs/swagger';
import { isDeliveriesOperation } from './delivery-exceptions.js';
import { bodySchema, errorResponses, type ApiLalamoveErrorsOptions, type DocumentedCall } from './error-responses.js';
import { isOperation } from './operation-errors.js';

/** A decorator for routes and controllers, which documents the error responses of the calls that a route makes. */
export interface ApiLalamoveErrorsDecorator {
  (...calls: [DocumentedCall, ...DocumentedCall[]]): ClassDecorator & MethodDecorator;
  (calls: readonly DocumentedCall[], options: ApiLalamoveErrorsOptions): ClassDecorator & MethodDecorator;
}

/**
 * Creates an `@ApiLalamoveErrors()` for the error options of your app, to be used in all its controllers.
 *
 * @param defaults the status policy and the format that you gave to `LalamoveModule`
 */
export function apiLalamoveErrorsWith(defaults: ApiLalamoveErrorsOptions): ApiLalamoveErrorsDecorator {
  return (...args: readonly Argument[]) => {
    const calls = args.filter(areCalls).flat();
    const options = { ...defaults, ...args.find(isOptions) };
    refuseUnknown(calls);
    return applyDecorators(
      ApiExtraModels(bodySchema(options.format ?? 'nest')),
      ...errorResponses(calls, options).map((response) => ApiResponse(response)),
    );
  };
}

/**
 * Documents the error responses of a route: every status that the calls of the route can be answered with, with the
 * codes, messages and examples of the error catalog, in the format that the filter sends.
 *
 * - `@ApiLalamoveErrors('createQuotation', 'placeOrder')`: for `errors.status: 'mirror'` and `errors.format: 'nest'`.
 * - `@ApiLalamoveErrors(['deliveries.book'], { status: 'gateway', format: 'problem' })`: for other error options. See
 *   also {@link apiLalamoveErrorsWith}.
 *
 * @throws TypeError for a name that is no call
 */
export const ApiLalamoveErrors = apiLalamoveErrorsWith({});

type Argument = DocumentedCall | readonly DocumentedCall[] | ApiLalamoveErrorsOptions;

function isOptions(argument: Argument): argument is ApiLalamoveErrorsOptions {
  return typeof argument === 'object' && !Array.isArray(argument);
}

function areCalls(argument: Argument): argument is DocumentedCall | readonly DocumentedCall[] {
  return !isOptions(argument);
}

function refuseUnknown(calls: readonly string[]): void {
  const unknown = calls.find((call) => !isOperation(call) && !isDeliveriesOperation(call));
  if (unknown === undefined) return;
  throw new TypeError(
    `@ApiLalamoveErrors() does not know the call "${unknown}". Give the name of a method of LalamoveService, such as ` +
      "'placeOrder', or of DeliveriesService with a prefix, such as 'deliveries.book'.",
  );
}
