import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasMethods } from '../internal/value-checks.js';
import { isObject } from '../internal/is-object.js';

/** A request and its response, as `node:http` has them. */
export interface RawExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The parameters of the route. */
  readonly param: (name: string) => string;
}

/** Takes a response away from the HTTP adapter, Express or Fastify. */
export function rawExchange(request: unknown, reply: unknown): RawExchange {
  const param = (name: string): string => {
    const parameters: unknown = isObject(request) ? Reflect.get(request, 'params') : undefined;
    const value: unknown = isObject(parameters) ? Reflect.get(parameters, name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  // Fastify wraps both, and must be told that the response is ours.
  if (hasMethods('hijack')(reply)) reply.hijack();
  const [rawRequest, rawResponse] = [unwrapped(request), unwrapped(reply)];
  if (!isRequest(rawRequest) || !isResponse(rawResponse)) {
    throw new TypeError('The pages of nestjs-lalamove need the HTTP adapter of Express or of Fastify.');
  }
  return { request: rawRequest, response: rawResponse, param };
}

function unwrapped(value: unknown): unknown {
  const raw: unknown = isObject(value) ? Reflect.get(value, 'raw') : undefined;
  return isObject(raw) ? raw : value;
}

function isRequest(value: unknown): value is IncomingMessage {
  return isObject(value) && isObject(Reflect.get(value, 'headers'));
}

function isResponse(value: unknown): value is ServerResponse {
  return hasMethods('writeHead', 'end')(value);
}
