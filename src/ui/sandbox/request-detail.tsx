import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SeenRequest } from '../../sandbox/api/seen-request.js';
import { CodeBlock, Notice, Pill, Tabs, Time } from '../shared/elements.js';
import { BodyView } from './body-view.js';
import { curlLine } from './curl-line.js';
import { BackButton } from './order-detail.js';
import { readRequest } from './read-sandbox.js';
import { hrefOf } from './route.js';
import { toneOfAnswer } from './statuses.js';
import type { SandboxView } from './store.js';
import { useLoaded } from './use-loaded.js';

const PARTS = ['answer', 'request', 'headers', 'curl'] as const;
const TITLES = { answer: 'Answer', request: 'Request', headers: 'Headers', curl: 'curl' } as const;

/** A request: the verdict on its signature, what was answered and why, and how it is sent again. */
export function RequestDetail({ id, view }: { id: string; view: SandboxView }): JSX.Element {
  // Its answer comes later than the request.
  const row = view.requests.find(({ number }) => String(number) === id);
  const key = `${view.parts?.instance ?? ''} ${id}`;
  const { value, problem } = useLoaded(key, row?.status, () => readRequest(id));
  const [part, setPart] = useState<(typeof PARTS)[number]>('answer');
  if (problem !== undefined) return <Notice tone="bad">{problem}</Notice>;
  if (!value) return <p class="quiet pad">Reading the request…</p>;
  const { request, signedAnew } = value;
  const { number, method, path, operation, verdict, answer, body } = request;
  return (
    <article class="detail" aria-label={`Request ${id}`}>
      <header class="detail-head">
        <BackButton />
        <h2>{operation ?? 'Unknown call'}</h2>
        <Pill tone={toneOfAnswer(answer?.status)}>{answer?.status ?? 'no answer'}</Pill>
        <Pill tone={verdict === 'right' ? 'good' : 'bad'}>{verdict === 'right' ? 'signature right' : verdict}</Pill>
      </header>
      <p class="mono foreign">
        {method} {path}
      </p>
      <p class="muted">
        Request {number}, <Time at={request.at} isLong />, from {request.address}
        {request.headers.market !== undefined && `, market ${request.headers.market}`}
      </p>
      <Why request={request} />
      <Tabs
        label="Parts of the request"
        tabs={PARTS.map((name) => ({ name, title: TITLES[name] }))}
        selected={part}
        onSelect={setPart}
      />
      {part === 'answer' && <Answer request={request} />}
      {part === 'request' && <BodyView key={id} label="Body of the request" text={body} />}
      {part === 'headers' && <Headers request={request} />}
      {part === 'curl' && <Curl request={request} signedAnew={signedAnew} />}
    </article>
  );
}

/** Why it was answered like this. */
function Why({ request: { verdict, explanation, fault, answer, operation } }: { request: SeenRequest }): JSX.Element {
  const errors = answer && answer.status >= 400 ? errorsIn(answer.body) : [];
  return (
    <>
      {verdict !== 'right' && (
        <Notice tone="bad">
          <strong>Signature wrong.</strong> {explanation}
        </Notice>
      )}
      {fault !== undefined && (
        <Notice tone="warn">
          {fault === 'magic' ? 'A magic value of the order caused a fault. ' : `The fault ${fault} was applied. `}
          <a href={hrefOf('faults')}>See the faults.</a>
        </Notice>
      )}
      {!answer && fault === undefined && <Notice tone="warn">It is being worked on, or nothing was answered.</Notice>}
      {verdict === 'right' && operation === undefined && fault === undefined && (
        <Notice tone="bad">Lalamove’s API has no such method and path. Does the base URL already contain /v3?</Notice>
      )}
      {errors.map((text) => (
        <Notice key={text} tone="warn">
          {text}
        </Notice>
      ))}
      {answer && answer.status < 300 && fault === undefined && <p class="muted">It was carried out.</p>}
    </>
  );
}

/** What Lalamove's errors say. */
function errorsIn(body: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [];
  }
  const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'errors') : undefined;
  const all: unknown[] = Array.isArray(list) ? list : [value];
  return all.flatMap((error) => {
    if (typeof error !== 'object' || error === null) return [];
    const texts = ['id', 'message', 'detail']
      .map((name): unknown => Reflect.get(error, name))
      .filter((text) => typeof text === 'string' && text !== '');
    return texts.length === 0 ? [] : [texts.join(': ')];
  });
}

function Answer({ request: { answer } }: { request: SeenRequest }): JSX.Element {
  if (!answer) return <p class="quiet">No answer was sent.</p>;
  return <BodyView label={`Body of the answer ${answer.status}`} text={answer.body} />;
}

function Headers({ request: { rawHeaders, answer } }: { request: SeenRequest }): JSX.Element {
  const pairs = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
  );
  const answered = Object.entries(answer?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      <CodeBlock label="Headers of the request, as received" text={pairs.join('\n')} />
      {answered.length > 0 && <CodeBlock label="Headers of the answer" text={answered.join('\n')} />}
    </>
  );
}

function Curl({ request, signedAnew }: { request: SeenRequest; signedAnew: string | undefined }): JSX.Element {
  const { method, path, body, headers } = request;
  const anew = signedAnew === undefined ? undefined : { ...headers, authorization: signedAnew };
  return (
    <>
      {anew && (
        <CodeBlock
          label="Signed anew by the sandbox"
          text={curlLine(location.origin, { method, path, body, headers: anew })}
        />
      )}
      <CodeBlock
        label="With the signature that was received"
        text={curlLine(location.origin, { method, path, body, headers })}
      />
    </>
  );
}
