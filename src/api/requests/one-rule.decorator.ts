import { applyDecorators } from '@nestjs/common';
import { Expose, Type, type ClassConstructor } from 'class-transformer';
import {
  Validate,
  ValidateBy,
  ValidateNested,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { isRecord } from '../../internal/is-record.js';
import { isText } from '../../internal/is-text.js';

/** The message for a wrong member. */
export type RuleMessage = (wrong: ValidationArguments) => string;

/**
 * class-validator's own name for the rule of `ValidateNested`. A rule of ours with this name shares its one message:
 * `ValidateNested` alone accepts a list in place of an object, and an object in place of a list.
 */
const NESTED = 'nestedValidation';

/** Makes the message of a member: it must be what `rule` says. */
export function mustBe(rule: string): RuleMessage {
  return ({ property, value }) => `${property} ${value == null ? 'is missing: it must be' : 'must be'} ${rule}`;
}

/**
 * Validates a member by one rule. A wrong member then has one message, also in a `ValidationPipe` of the host, which
 * lists the messages of all rules.
 *
 * @param name of the rule, under which class-validator lists the message
 */
export function OneRule(name: string, rule: string, isValid: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: isValid, defaultMessage: messageOf(mustBe(rule)) } });
}

/** Validates a string with at least one character. */
export function IsFilledString(): PropertyDecorator {
  return OneRule('isFilledString', 'a string that is not empty', isText);
}

/** Validates a list of strings. */
export function IsStrings(): PropertyDecorator {
  const isStrings = (value: unknown): boolean =>
    Array.isArray(value) && value.every((entry: unknown) => typeof entry === 'string');
  return OneRule('isStrings', 'a list of strings', isStrings);
}

/** Validates an object by its DTO. */
export function IsNested(type: () => ClassConstructor<object>, message: RuleMessage): PropertyDecorator {
  return applyDecorators(Expose(), ...nested(isRecord, message, false), Type(type));
}

/**
 * Validates a list of objects by their DTO.
 *
 * @param least the smallest number of entries
 */
export function IsNestedList(type: () => ClassConstructor<object>, least: number, rule: string): PropertyDecorator {
  // `ValidateNested` itself refuses an entry that is a string or a number, with the pointer of the entry.
  const isList = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length >= least &&
    value.every((entry: unknown) => entry != null && !Array.isArray(entry));
  return applyDecorators(Expose(), ...nested(isList, mustBe(rule), true), Type(type));
}

function nested(isValid: (value: unknown) => boolean, message: RuleMessage, each: boolean): PropertyDecorator[] {
  // `ValidateBy` with this name would validate the members of the object once more.
  class NestedRule implements ValidatorConstraintInterface {
    validate(value: unknown): boolean {
      return isValid(value);
    }
  }
  ValidatorConstraint({ name: NESTED })(NestedRule);
  return [Validate(NestedRule, { message }), ValidateNested({ each, message })];
}

/** class-validator declares that the arguments may be missing. They never are. */
function messageOf(message: RuleMessage): (wrong?: ValidationArguments) => string {
  return (wrong) => (wrong ? message(wrong) : '');
}
