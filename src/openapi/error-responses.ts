import { getSchemaPath, type ApiResponseOptions } from '@nestjs/swagger';
import type { LalamoveOperation } from '../api/endpoints.js';
import { httpAnswer, type HttpAnswer, type LalamoveAnswerFormat } from '../errors/http-answer.js';
import { deliveryExceptions, isDeliveriesOperation, type DeliveriesOperation } from './delivery-exceptions.js';
import { LalamoveErrorSchema, LalamoveProblemSchema } from './error-schemas.js';
import { operationExceptions } from './operation-exceptions.js';

/** A call whose errors can be documented: a method of `LalamoveService`, or of `DeliveriesService` with a prefix. */
export type DocumentedCall = LalamoveOperation | DeliveriesOperation;

/** How the app answers errors: the same values as `errors` of `LalamoveModule`. */
export interface ApiLalamoveErrorsOptions {
  /**
   * The status policy. The statuses of a policy that is a function are unknown here.
   *
   * @default 'mirror'
   */
  status?: 'mirror' | 'gateway';
  /**
   * The format of the body.
   *
   * @default 'nest'
   */
  format?: LalamoveAnswerFormat;
}

const FORMATS = {
  nest: { contentType: 'application/json', schema: LalamoveErrorSchema, status: 'statusCode' },
  problem: { contentType: 'application/problem+json', schema: LalamoveProblemSchema, status: 'status' },
} as const;

/** The schema of the bodies of a format. */
export function bodySchema(format: LalamoveAnswerFormat): typeof LalamoveErrorSchema | typeof LalamoveProblemSchema {
  return FORMATS[format].schema;
}

/**
 * The error responses of a route that makes these calls, one for each status, as `LalamoveExceptionFilter` sends them;
 * and one for all other errors, since Lalamove adds codes and statuses without notice.
 */
export function errorResponses(
  calls: readonly DocumentedCall[],
  { status: policy = 'mirror', format = 'nest' }: ApiLalamoveErrorsOptions = {},
): ApiResponseOptions[] {
  const answers = calls
    .flatMap((call) => (isDeliveriesOperation(call) ? deliveryExceptions(call) : operationExceptions(call)))
    .map((exception) => httpAnswer(exception, policy, format));
  const statuses = [...new Set(answers.map(({ status }) => status))].sort((a, b) => a - b);
  return [
    ...statuses.map((status) =>
      responseOf(
        status,
        answers.filter((answer) => answer.status === status),
        format,
      ),
    ),
    {
      status: 'default',
      description: 'Another error of Lalamove.',
      content: { [FORMATS[format].contentType]: { schema: { $ref: getSchemaPath(bodySchema(format)) } } },
    },
  ];
}

function responseOf(status: number, answers: readonly HttpAnswer[], format: LalamoveAnswerFormat): ApiResponseOptions {
  const { contentType, schema, status: member } = FORMATS[format];
  const bodies = new Map(answers.map(({ body }) => [body.code, body]));
  const codes = [...bodies.keys()];
  const messages = [...bodies].map(([code, body]) => `- \`${code}\`: ${messageOf(body)}`);
  return {
    status,
    description: messages.join('\n'),
    ...(canSayWhen(status) && {
      headers: {
        'Retry-After': { description: 'After how many seconds to try again, if known.', schema: { type: 'integer' } },
      },
    }),
    content: {
      [contentType]: {
        schema: {
          allOf: [
            { $ref: getSchemaPath(schema) },
            {
              type: 'object',
              properties: { [member]: { type: 'integer', enum: [status] }, code: { type: 'string', ...known(codes) } },
            },
          ],
        },
        examples: Object.fromEntries(
          [...bodies].map(([code, body]) => [code, { summary: messageOf(body), value: body }]),
        ),
      },
    },
  };
}

/** The known codes of a status. Lalamove adds codes without notice, so a client must accept others. */
function known(codes: string[]): object {
  return { 'x-extensible-enum': codes, example: codes[0] };
}

function messageOf(body: HttpAnswer['body']): string {
  return 'message' in body ? body.message : body.detail;
}

/** The statuses with which the filter can send `Retry-After`. */
function canSayWhen(status: number): boolean {
  return status === 429 || status === 503;
}
