import { Body, Controller, Post, type Provider, type Type } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { startHost } from '../support/host-app.js';

/** A schema of a document, as far as tests read it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** The OpenAPI document of an app with these controllers. */
export async function documentOf(controllers: Type[], providers: Provider[] = []): Promise<OpenAPIObject> {
  const { app } = await startHost('express', { controllers, providers });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  await app.close();
  return document;
}

/** A controller with a route whose body is of this class, without any decorator of swagger. */
export function controllerOf(dto: Type): Type {
  class BodyController {
    create(body: unknown): unknown {
      return body;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(BodyController.prototype, 'create');
  if (!descriptor) throw new TypeError('The method is missing.');
  // What TypeScript's compiler writes for a parameter of this class.
  Reflect.defineMetadata('design:paramtypes', [dto], BodyController.prototype, 'create');
  Body()(BodyController.prototype, 'create', 0);
  Post()(BodyController.prototype, 'create', descriptor);
  Controller(dto.name)(BodyController);
  return BodyController;
}

/** The schema of that name. @throws TypeError if the document has none */
export function schemaNamed(document: OpenAPIObject, name: string): Schema {
  const schema = document.components?.schemas?.[name];
  if (!schema) throw new TypeError(`The document has no schema ${name}.`);
  return schema as Schema;
}

/** Validates values by a schema of a document. */
export function validatorOf(document: OpenAPIObject, schema: Schema): ValidateFunction {
  // OpenAPI adds keywords, such as `example`.
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  return ajv.compile({ allOf: [schema], components: document.components });
}
