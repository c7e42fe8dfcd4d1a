import { isObject } from './is-object.js';

/** Whether a value from outside is right. */
export type ValueCheck = (value: unknown) => boolean;

export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

export const isFunction: ValueCheck = (value) => typeof value === 'function';

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

export function isOneOf(...values: readonly unknown[]): ValueCheck {
  return (value) => values.includes(value);
}

/** An object that has all these methods, its own or its class's. */
export function hasMethods(...methods: readonly string[]): ValueCheck {
  return (value) => isObject(value) && methods.every((name) => typeof Reflect.get(value, name) === 'function');
}
