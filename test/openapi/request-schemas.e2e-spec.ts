import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { PartialType, type OpenAPIObject } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, IsString, validateSync } from 'class-validator';
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import * as core from 'nestjs-lalamove';
import * as deliveries from 'nestjs-lalamove/deliveries';
import { controllerOf, documentOf, schemaNamed, validatorOf, type Schema } from './document.js';

/** A validator of a member, as class-validator stores it. */
interface Rule {
  readonly member: string;
  readonly name: string;
  readonly constraint: unknown;
}

/** Every exported class with validators, whatever its name is. */
const DTOS = Object.values({ ...core, ...deliveries }).filter(
  (exported): exported is Type<object> => typeof exported === 'function' && rulesOf(exported).length > 0,
);

let document: OpenAPIObject;

beforeAll(async () => {
  document = await documentOf(DTOS.map((dto) => controllerOf(dto)));
});

describe('the schemas of requests', () => {
  it('are those of every exported DTO', () => {
    const names = DTOS.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['CreateQuotationDto', 'BookDeliveryDto', 'ResolveDeliveryDto']));
    expect(Object.keys(document.components?.schemas ?? {}).sort()).toEqual([...names].sort());
  });

  describe.each(DTOS)('$name', (dto) => {
    const rules = rulesOf(dto);
    const members = [...new Set(rules.map(({ member }) => member))];

    it('has every validated member, described, with an example or of a type that needs none', () => {
      const { properties = {} } = schemaNamed(document, dto.name);
      expect(Object.keys(properties).sort()).toEqual([...members].sort());
      for (const [name, member] of Object.entries(properties)) {
        expect(member.description).toMatch(/^\S.{3,}/);
        const needsNone = member.type === 'boolean' || isNested(member);
        expect([name, needsNone || member.example !== undefined]).toEqual([name, true]);
      }
    });

    it('requires the members that are not optional', () => {
      const { required = [] } = schemaNamed(document, dto.name);
      const optional = rules.filter(({ name }) => name === 'conditionalValidation').map(({ member }) => member);
      expect([...required].sort()).toEqual(members.filter((member) => !optional.includes(member)).sort());
    });

    it.each(rules.filter(({ name }) => name !== 'conditionalValidation'))('says of $member: $name', (rule) => {
      const { member, name, constraint } = rule;
      expect(STATED[name]?.(propertyOf(dto, member), constraint)).toBe(true);
    });

    // A policy is checked by a function of its own: see below.
    it.each(members.filter((member) => member !== 'policy'))(
      'accepts for %s what the validators accept, and refuses all other types',
      (member) => {
        const schema = propertyOf(dto, member);
        const isDocumented = validatorOf(document, schema);
        const validates = validatorOfMember(dto, member);
        const samples: unknown[] = [...VALUES, ...(schema.example === undefined ? [] : [schema.example])];
        // Each value alone and in a list, because some members are lists.
        for (const value of samples.flatMap((sample) => [sample, [sample], [sample, sample]])) {
          const [accepted, documented] = [validates(value), isDocumented(value)];
          // These can be refused by a rule that no schema of a member states: a range of degrees in a text, and a stop
          // that has neither an address nor coordinates.
          const isStateable =
            accepted ||
            [value].flat().some((each) => typeof each !== 'string' && !(member === 'stops' && isPlaceless(each)));
          expect([member, value, documented]).toEqual([member, value, isStateable ? accepted : documented]);
        }
        if (schema.example !== undefined) {
          expect([member, validates(schema.example), isDocumented(schema.example)]).toEqual([member, true, true]);
        }
      },
    );

    it('describes each member as its docstring does', () => {
      const docstrings = docstringsOf(dto);
      for (const member of members) {
        const { description = '' } = propertyOf(dto, member);
        expect([member, docstrings.get(member)?.startsWith(description)]).toEqual([member, true]);
      }
    });
  });

  it('are inherited by a class of the host, with its own members', async () => {
    class HostQuotationDto extends core.CreateQuotationDto {
      @IsString()
      branch: string;

      // What the CLI plugin of swagger adds to a class of the host.
      static _OPENAPI_METADATA_FACTORY(): object {
        return { branch: { required: true, type: () => String } };
      }
    }
    class ChangedQuotationDto extends PartialType(core.CreateQuotationDto) {}
    const hosts = await documentOf([controllerOf(HostQuotationDto), controllerOf(ChangedQuotationDto)]);
    const { properties, required } = schemaNamed(document, 'CreateQuotationDto');
    expect(schemaNamed(hosts, 'HostQuotationDto').properties).toEqual({ branch: { type: 'string' }, ...properties });
    expect(schemaNamed(hosts, 'HostQuotationDto').required?.toSorted()).toEqual(['branch', ...(required ?? [])].sort());
    expect(schemaNamed(hosts, 'ChangedQuotationDto')).toEqual({ type: 'object', properties });
  });

  it('refuse a policy as the service does', () => {
    const isDocumented = validatorOf(document, propertyOf(deliveries.BookDeliveryDto, 'policy'));
    expect(isDocumented(deliveries.DEFAULT_POLICY)).toBe(true);
    const off: deliveries.GivenPolicy = { rebook: false, changeDriver: false, poll: false, raiseFee: false };
    expect(isDocumented(off)).toBe(true);
    for (const wrong of [{ rebook: true }, { rebook: { maxAttempts: 0 } }, { requote: 1 }, { polling: false }]) {
      expect([wrong, isDocumented(wrong)]).toEqual([wrong, false]);
    }
  });
});

/** What a schema must state of each validator. The values below show whether it accepts the same. */
const STATED: Readonly<Record<string, (schema: Schema, constraint: unknown) => boolean>> = {
  isString: ({ type }) => type === 'string',
  isBoolean: ({ type }) => type === 'boolean',
  isObject: ({ type }) => type === 'object',
  isIn: ({ enum: values }, allowed) => JSON.stringify(values) === JSON.stringify(allowed),
  equals: ({ enum: values }, value) => JSON.stringify(values) === JSON.stringify([value]),
  matches: ({ type, pattern }, form) => type === 'string' && form instanceof RegExp && pattern === form.source,
  nestedValidation: isNested,
  // The rule that gives a nested member its one message; class-validator stores no name for it.
  customValidation: isNested,
  isDegrees: ({ oneOf = [] }) => oneOf.map(({ type }) => type).join() === 'string,number',
  isFilledString: ({ type, minLength }) => type === 'string' && minLength === 1,
  isMetadata: ({ additionalProperties: each }) => typeof each === 'object' && each.type === 'string',
  isRemarks: ({ type, maxLength }) => type === 'string' && maxLength === 1500,
  isStrings: ({ type, items }) => type === 'array' && items?.type === 'string',
  isWebhookUrl: ({ format }) => format === 'uri',
  isZonedTime: ({ format }) => format === 'date-time',
};

/** Values of every type that JSON has, and texts of every form that a member has. */
const VALUES: readonly unknown[] = [
  ...['', 'a', '1', '0', '-1', '1.5', '1e-7', '181', '+85290000000', 'en_HK', 'EN_HK', 'DRIVER_LATE', 'a\nb'],
  ...['2026-12-01T08:30:00Z', '2026-12-01T16:30:00+08:00', '2026-12-01', 'https://shop.example/x', 'ftp://a', 'a b'],
  ...['a'.repeat(200), 'a'.repeat(201), 'a'.repeat(1501)],
  ...[0, 1, -90, 90.5, 180, 1e21, true, false, {}, [], { a: 'b' }, { a: 1 }, { lat: '1', lng: 2 }, { lat: 1 }],
  { coordinates: { lat: '1', lng: '2' }, address: 'a' },
  { name: 'Ada', phone: '+85290000000' },
  { name: 'Ada', phone: '+85290000000', stopId: '1' },
  { name: 'Ada', phone: '+85290000000', address: 'a', coordinates: { lat: '1', lng: '2' } },
];

function rulesOf(dto: object): Rule[] {
  if (typeof dto !== 'function') return [];
  return getMetadataStorage()
    .getTargetValidationMetadatas(dto, '', false, false)
    .map(({ propertyName, type, name, constraints }) => ({
      member: propertyName,
      name: type === 'customValidation' && name !== undefined ? name : type,
      constraint: (constraints as unknown[] | undefined)?.[0],
    }));
}

function propertyOf(dto: Type, member: string): Schema {
  const schema = schemaNamed(document, dto.name).properties?.[member];
  if (!schema) throw new TypeError(`${dto.name} has no ${member}.`);
  return schema;
}

/** Whether a value is a stop without an address and without coordinates. */
function isPlaceless(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('address' in value) && !('coordinates' in value);
}

/** Whether a schema is that of another DTO, or of a list of them. */
function isNested({ $ref, allOf, items }: Schema): boolean {
  return $ref !== undefined || allOf !== undefined || items?.$ref !== undefined;
}

/** Whether the validators of one member accept a value, whatever the other members are. */
function validatorOfMember(dto: Type<object>, member: string): (value: unknown) => boolean {
  return (value) =>
    validateSync(plainToInstance(dto, { [member]: value }), { forbidUnknownValues: false }).every(
      ({ property }) => property !== member,
    );
}

/** The docstrings of a class's members, its base classes' included, each as one line. */
function docstringsOf({ name, prototype }: Type): Map<string, string> {
  const parent: unknown = Object.getPrototypeOf(prototype as object);
  const { constructor } = Object(parent) as object;
  const inherited = constructor === Object ? new Map<string, string>() : docstringsOf(constructor as Type);
  const node = CLASSES.get(name);
  if (!node) throw new TypeError(`There is no source of ${name}.`);
  for (const member of node.members) {
    const [docs] = ts.getJSDocCommentsAndTags(member);
    const text = docs && ts.isJSDoc(docs) ? ts.getTextOfJSDocComment(docs.comment) : undefined;
    if (member.name && text !== undefined) inherited.set(member.name.getText(), text.replaceAll(/\s+/g, ' '));
  }
  return inherited;
}

/** The sources of the DTOs, by their names. */
const CLASSES = new Map(
  ['src/api/requests', 'src/deliveries/dto'].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.dto.ts'))
      .flatMap((file) => {
        const text = readFileSync(`${folder}/${file}`, 'utf8');
        const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
        return source.statements
          .filter((statement) => ts.isClassDeclaration(statement))
          .map((statement): [string, ts.ClassDeclaration] => [statement.name?.text ?? '', statement]);
      }),
  ),
);
