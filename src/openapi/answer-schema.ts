import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/**
 * The documentation of a member of this TypeScript type, so that a schema cannot differ from its interface: a member
 * that is missing, of another type, or wrongly required does not compile.
 */
type DocsOf<Value> = Described & Presence<Value> & KindOf<NonNullable<Value>>;

interface Described {
  readonly description: string;
  readonly example?: unknown;
}

/** A member that may be `undefined` is missing in the JSON then. */
type Presence<Value> = undefined extends Value ? { readonly required: false } : { readonly required?: true };

// In brackets, so that a union is taken as one type.
type KindOf<Value> = [Value] extends [string]
  ? TextDocs<Value>
  : [Value] extends [number]
    ? { readonly type: 'number' | 'integer' }
    : [Value] extends [boolean]
      ? { readonly type: 'boolean' }
      : [Value] extends [readonly string[]]
        ? { readonly type: 'array'; readonly items: { readonly type: 'string' } }
        : [Value] extends [readonly (infer Each)[]]
          ? { readonly type: AnswerSchema<Each> | Type<Each>; readonly isArray: true }
          : { readonly type: AnswerSchema<Value> | AnswerSchema<Merged<Value>> | Type<Value> } | MapDocs<Value>;

interface TextDocs<Value> {
  readonly type: 'string';
  readonly format?: 'date-time' | 'uri';
  /** All values; for a text of this package's own. */
  readonly enum?: readonly Value[];
  /** The known values; for a text of Lalamove's, which adds values without notice. */
  readonly 'x-extensible-enum'?: readonly string[];
}

/** An object with any names. */
type MapDocs<Value> = string extends keyof Value
  ? { readonly type: 'object'; readonly additionalProperties: true | { readonly type: 'string' | 'integer' } }
  : never;

/** The names of an interface, without those of an index signature. */
type NamesOf<Answer> = keyof {
  [Name in keyof Answer as string extends Name ? never : Name]: true;
};

/** A union as one interface: a member that not every part has may be missing. */
export type Merged<Union> = { [Name in AllNames<Union>]: ValueIn<Union, Name> };

type AllNames<Union> = Union extends unknown ? keyof Union : never;
type ValueIn<Union, Name> = Union extends unknown ? (Name extends keyof Union ? Union[Name] : undefined) : never;

/** The documentation of every member of an answer. */
export type AnswerDocs<Answer> = { readonly [Name in NamesOf<Answer>]-?: DocsOf<Answer[Name]> };

declare const answer: unique symbol;

/** A class that stands for an interface in an OpenAPI document. It is never instantiated. */
export interface AnswerSchema<Answer> extends Type<object> {
  /** For the compiler alone: which interface it stands for. */
  readonly [answer]?: Answer;
}

/**
 * Makes a class that stands for an interface in an OpenAPI document: `@ApiOkResponse({ type: OrderSchema })`.
 *
 * @param name of the schema in the document
 */
export function answerSchema<Answer extends object>(
  name: string,
  description: string,
  docs: AnswerDocs<Answer>,
): AnswerSchema<Answer> {
  class Schema {}
  Object.defineProperty(Schema, 'name', { value: name });
  ApiSchema({ name, description })(Schema);
  for (const [member, options] of Object.entries<object>(docs)) ApiProperty(options)(Schema.prototype, member);
  return Schema;
}
