import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../shared/elements.js';
import { CONFIG } from './config.js';
import { jsonIn, JsonField } from './json-field.js';
import { command } from './store.js';

/** The fields of the form, as text. */
const EMPTY = {
  kind: 'call',
  call: '',
  answer: 'reset',
  code: 'ERR_RATE_LIMIT_EXCEEDED',
  status: '503',
  body: '',
  work: '',
  lateBy: '2m',
  latencyMs: '',
  webhook: 'lost',
  event: '',
  orderId: '',
  delay: '10m',
  times: '1',
  probability: '',
  json: `{
  "call": ["placeOrder", "cancelOrder"],
  "answer": { "code": "ERR_RATE_LIMIT_EXCEEDED", "shape": "message" },
  "times": 3
}`,
};

type Fields = typeof EMPTY;

/** A form for every fault that the control API takes. */
export function FaultForm(): JSX.Element {
  const [fields, setFields] = useState(EMPTY);
  const [isCall, isHook, isJson] = ['call', 'webhook', 'json'].map((kind) => fields.kind === kind);
  const input = (name: keyof Fields, title: string, placeholder = ''): JSX.Element => (
    <label class="field">
      <span>{title}</span>
      <input
        class="input"
        value={fields[name]}
        placeholder={placeholder}
        onInput={({ currentTarget }) => {
          setFields({ ...fields, [name]: currentTarget.value });
        }}
      />
    </label>
  );
  const select = (name: keyof Fields, title: string, options: readonly (readonly [string, string])[]): JSX.Element => (
    <label class="field">
      <span>{title}</span>
      <select
        class="input"
        value={fields[name]}
        onChange={({ currentTarget }) => {
          setFields({ ...fields, [name]: currentTarget.value });
        }}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const same = (names: readonly string[]): (readonly [string, string])[] => names.map((name) => [name, name]);
  return (
    <form
      class="form-grid"
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      {select('kind', 'Of', [
        ['call', 'a call'],
        ['webhook', 'a webhook'],
        ['json', 'anything, as JSON'],
      ])}
      {isCall && select('call', 'Call', [['', 'any'], ...same(CONFIG.choices.calls)])}
      {isCall &&
        select('answer', 'Answer', [
          ['', 'that of the call'],
          ['reset', 'connection reset'],
          ['hang', 'none (hang)'],
          ['truncate', 'cut in its middle'],
          ['code', 'an error of Lalamove'],
          ['status', 'a status and a body'],
        ])}
      {isCall && fields.answer === 'code' && select('code', 'Error', same(CONFIG.choices.codes))}
      {isCall && fields.answer === 'status' && input('status', 'Status')}
      {isCall && fields.answer === 'status' && input('body', 'Body', 'empty')}
      {isCall &&
        select('work', 'Work', [
          ['', 'default'],
          ['skipped', 'skipped'],
          ['done', 'done before'],
          ['late', 'done later'],
        ])}
      {isCall && fields.work === 'late' && input('lateBy', 'Later by')}
      {isCall && input('latencyMs', 'Wait first, ms', '0')}
      {isHook && select('webhook', 'Fault', same(CONFIG.choices.webhookFaults))}
      {isHook && select('event', 'Event', [['', 'any'], ...same(CONFIG.choices.eventTypes)])}
      {isHook && input('orderId', 'Order id', 'any')}
      {isHook && fields.webhook === 'delayed' && input('delay', 'Delay')}
      {!isJson && input('times', 'Times, or always')}
      {!isJson && input('probability', 'Probability', '1')}
      {isJson && (
        <JsonField
          label="Fault"
          text={fields.json}
          rows={6}
          onChange={(json) => {
            setFields({ ...fields, json });
          }}
        />
      )}
      <div class="form-end">
        <Button
          kind="primary"
          isDisabled={isJson && jsonIn(fields.json).problem !== undefined}
          onPress={() => command('faults', { method: 'POST', body: faultOf(fields) }, 'The fault is armed.')}
        >
          Arm fault
        </Button>
      </div>
    </form>
  );
}

/** What the control API takes. It also checks the numbers. */
function faultOf(fields: Fields): object {
  if (fields.kind === 'json') return jsonIn(fields.json).value ?? {};
  const { kind, call, answer, code, status, body, work, lateBy, latencyMs, webhook, event, orderId, delay } = fields;
  const occasions = {
    times: fields.times === 'always' ? 'always' : numberOr(fields.times),
    ...(fields.probability !== '' && { probability: numberOr(fields.probability) }),
  };
  if (kind === 'webhook')
    return {
      webhook,
      ...(event !== '' && { event }),
      ...(orderId !== '' && { orderId }),
      ...(webhook === 'delayed' && { delay }),
      ...occasions,
    };
  const given = answer === 'code' ? { code } : answer === 'status' ? { status: numberOr(status), body } : answer;
  return {
    ...(call !== '' && { call }),
    ...(given !== '' && { answer: given }),
    ...(work !== '' && { work }),
    ...(work === 'late' && { lateBy }),
    ...(latencyMs !== '' && { latencyMs: numberOr(latencyMs) }),
    ...occasions,
  };
}

/** What is no number is sent as it is: the refusal names it. */
function numberOr(text: string): number | string {
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}
