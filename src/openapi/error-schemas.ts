import type { LalamoveErrorItem } from '../errors/lalamove-error-item.js';
import type { ProblemBody } from '../errors/http-answer.js';
import type { NestErrorBody } from '../errors/nest-error-body.js';
import { answerSchema } from './answer-schema.js';

const CODE = {
  type: 'string',
  description: "Lalamove's `ERR_…` code, or one of this package's with the prefix `LALAMOVE_`.",
  example: 'ERR_INVALID_FIELD',
} as const;
const REQUEST_ID = {
  type: 'string',
  required: false,
  description: "Lalamove's id of the call, for its support.",
} as const;

/** The schema `LalamoveErrorItem`: one error of an answer's list of errors. */
export const LalamoveErrorItemSchema = answerSchema<LalamoveErrorItem>('LalamoveErrorItem', 'One error of the list.', {
  code: CODE,
  message: { type: 'string', description: 'What is wrong, in words.' },
  pointer: {
    type: 'string',
    required: false,
    description: 'A JSON pointer (RFC 6901) into the body that is sent to Lalamove.',
    example: '/data/stops/0/address',
  },
  field: {
    type: 'string',
    required: false,
    description: 'A JSON pointer (RFC 6901) into the body of the route; empty for the whole body.',
    example: '/stops/0/address',
  },
  detail: { type: 'string', required: false, description: "Lalamove's explanation in words." },
});

const ERRORS = {
  type: LalamoveErrorItemSchema,
  isArray: true,
  description: 'The errors that Lalamove or the local validation listed; empty if it listed none.',
} as const;

/** The schema `LalamoveError`: the body of a failed call with `errors.format: 'nest'`. */
export const LalamoveErrorSchema = answerSchema<NestErrorBody>('LalamoveError', 'A failed call to Lalamove.', {
  statusCode: { type: 'integer', description: 'The HTTP status.', example: 422 },
  error: { type: 'string', description: 'The reason phrase of the status.', example: 'Unprocessable Entity' },
  message: { type: 'string', description: 'What happened, in words.' },
  code: CODE,
  errors: ERRORS,
  requestId: REQUEST_ID,
});

/** The schema `LalamoveProblem`: the body of a failed call with `errors.format: 'problem'` (RFC 9457). */
export const LalamoveProblemSchema = answerSchema<ProblemBody>(
  'LalamoveProblem',
  'A failed call to Lalamove (RFC 9457).',
  {
    type: {
      type: 'string',
      description: '`about:blank`: the status says what the problem is.',
      example: 'about:blank',
    },
    title: { type: 'string', description: 'The reason phrase of the status.', example: 'Unprocessable Entity' },
    status: { type: 'integer', description: 'The HTTP status.', example: 422 },
    detail: { type: 'string', description: 'What happened, in words.' },
    code: CODE,
    errors: ERRORS,
    requestId: REQUEST_ID,
  },
);
