import type { Type } from '@nestjs/common';
import { isObject } from '../../internal/is-object.js';

/** A schema of OpenAPI 3.0, as far as the members of requests need it. */
export interface MemberSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly (string | boolean)[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: NestedSchema;
  readonly properties?: Readonly<Record<string, NestedSchema>>;
  readonly additionalProperties?: NestedSchema | false;
  readonly oneOf?: readonly NestedSchema[];
}

/** A schema inside another one. */
export interface NestedSchema extends MemberSchema {
  /** The names of the members that must be there. */
  readonly required?: readonly string[];
}

/** What an OpenAPI document says of a member of a request. A test compares it with the member's validators. */
export interface MemberDocs extends Omit<MemberSchema, 'type'> {
  /** A class for an object of another DTO, or with `isArray` for a list of them. */
  readonly type?: MemberSchema['type'] | Type;
  readonly isArray?: true;
  /** The beginning of the member's docstring. */
  readonly description: string;
  readonly example?: unknown;
  /** Absent for a required member. */
  readonly required?: false;
}

/** The static method of a class in which `@nestjs/swagger` looks for members that have no `@ApiProperty()`. */
const FACTORY = '_OPENAPI_METADATA_FACTORY';

/** The documented members of each class, without those of its base classes. */
const MEMBERS = new WeakMap<object, Record<string, MemberDocs>>();

/**
 * Documents a member of a class for `@nestjs/swagger`, with the interface of its CLI plugin, so that this package need
 * not import it. Members of a base class are found by swagger itself.
 */
export function Documented(docs: MemberDocs): PropertyDecorator {
  return ({ constructor }, key) => {
    const members = MEMBERS.get(constructor) ?? {};
    members[String(key)] = docs;
    MEMBERS.set(constructor, members);
    Object.defineProperty(constructor, FACTORY, { value: () => members, configurable: true, writable: true });
  };
}

/** Documents inherited members of a class as optional. */
export function documentOptional({ prototype }: { readonly prototype: object }, names: readonly string[]): void {
  const base: unknown = Object.getPrototypeOf(prototype);
  for (const name of names) {
    const docs = documentedIn(base, name);
    if (docs) Documented({ ...docs, required: false })(prototype, name);
  }
}

/** What the nearest class of a prototype chain says of a member. */
function documentedIn(prototype: unknown, name: string): MemberDocs | undefined {
  if (!isObject(prototype)) return undefined;
  return MEMBERS.get(prototype.constructor)?.[name] ?? documentedIn(Object.getPrototypeOf(prototype), name);
}
