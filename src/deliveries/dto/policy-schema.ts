import type { MemberSchema, NestedSchema } from '../../api/requests/member-docs.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';

const MINUTES = { type: 'number', minimum: 0, maximum: 525_600 } as const;
const SECONDS = { type: 'number', minimum: 1, maximum: 31_536_000 } as const;
const COUNT = { type: 'integer', minimum: 1, maximum: 1000 } as const;
const OFF = { type: 'boolean', enum: [false] } as const;

/** A part of a policy. Members that are left out keep their values; members that no part has are refused. */
function part(properties: Record<string, NestedSchema>): NestedSchema {
  return { type: 'object', properties, additionalProperties: false };
}

/** A part that can be switched off. */
function orOff(schema: NestedSchema): NestedSchema {
  return { oneOf: [OFF, schema] };
}

const STEP: NestedSchema = {
  ...part({ afterMinutes: MINUTES, priorityFee: { type: 'string' } }),
  required: ['afterMinutes', 'priorityFee'],
};

const PARTS: Record<keyof DeliveryPolicy, NestedSchema> = {
  unknownOutcome: part({ waitMinutes: MINUTES, then: { type: 'string', enum: ['hold', 'rebook'] } }),
  requote: { type: 'boolean' },
  raiseFee: orOff({ type: 'array', maxItems: 100, items: STEP }),
  rebook: orOff(part({ maxAttempts: COUNT })),
  changeDriver: orOff(part({ afterMinutes: { ...MINUTES, minimum: 15 }, maxChanges: COUNT })),
  replacement: part({ waitMinutes: MINUTES }),
  poll: orOff(part({ everySeconds: SECONDS, maxSeconds: SECONDS })),
  failures: part({ maxFailures: COUNT }),
};

/** The schema of a policy in an OpenAPI document. Its values are checked by `policyProblems`. */
export const POLICY_SCHEMA = { type: 'object', properties: PARTS, additionalProperties: false } satisfies MemberSchema;
