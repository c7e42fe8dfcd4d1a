import { isObject } from './is-object.js';

/** Checks whether a value from outside is valid. */
export type ValueCheck = (value: unknown) => boolean;

/** `true` or `false`. */
export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** A function, or a class. */
export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** A number from one limit to another, both included. */
export function isNumberFrom(least: number, most: number): ValueCheck {
  return (value) => typeof value === 'number' && value >= least && value <= most;
}

/** A number above 0, up to a limit that is included. */
export function isNumberUpTo(most: number): ValueCheck {
  return (value) => typeof value === 'number' && value > 0 && value <= most;
}

/** A whole number from one limit to another, both included. */
export function isWholeFrom(least: number, most: number): ValueCheck {
  const isWithin = isNumberFrom(least, most);
  return (value) => Number.isInteger(value) && isWithin(value);
}

/** One of these values. */
export function isOneOf(...values: readonly unknown[]): ValueCheck {
  return (value) => values.includes(value);
}

/** An object that has all these methods, its own or those of its class. */
export function hasMethods<Name extends PropertyKey>(
  ...methods: readonly Name[]
): (value: unknown) => value is Record<Name, (...args: readonly unknown[]) => unknown> {
  return (value): value is Record<Name, (...args: readonly unknown[]) => unknown> =>
    isObject(value) && methods.every((name) => typeof Reflect.get(value, name) === 'function');
}
