import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CodeBlock, EmptyState, Tabs } from '../shared/elements.js';
import { CONFIG } from './config.js';
import { commandLines, environmentLines, moduleOptions, orderRecipe, type RecipeKeys } from './order-recipe.js';

const HOWS = ['module', 'environment', 'curl', 'command'] as const;
type How = (typeof HOWS)[number];

const TITLES: Readonly<Record<How, string>> = {
  module: 'NestJS module',
  environment: '.env',
  curl: 'curl',
  command: 'npx',
};

const LABELS: Readonly<Record<How, string>> = {
  module: 'Paste it into your app',
  environment: 'Paste it into your app',
  curl: 'Places an order; paste it into a terminal',
  command: 'Starts a sandbox like this one in a terminal',
};

/** How an app is connected with this sandbox, to be pasted. */
export function Connection(): JSX.Element {
  const [how, setHow] = useState<How>('module');
  const keys: RecipeKeys = {
    base: location.origin,
    apiKey: CONFIG.apiKey,
    ...(CONFIG.apiSecret !== undefined && { apiSecret: CONFIG.apiSecret }),
  };
  const texts: Readonly<Record<How, string>> = {
    module: moduleOptions(keys),
    environment: environmentLines(keys),
    curl: orderRecipe(keys),
    command: commandLines(location.port),
  };
  return (
    <div class="connection">
      <Tabs
        label="How to connect"
        tabs={HOWS.map((name) => ({ name, title: TITLES[name] }))}
        selected={how}
        onSelect={setHow}
      />
      <CodeBlock key={how} label={LABELS[how]} text={texts[how]} />
      {CONFIG.apiSecret === undefined && (
        <p class="muted">The secret is the one that you gave to the sandbox. This page does not know it.</p>
      )}
    </div>
  );
}

/** What the list of orders says before there is one. */
export function FirstSteps(): JSX.Element {
  return (
    <EmptyState title="No orders yet">
      <p>
        Connect your app with this sandbox and book a delivery, or place an order from a terminal (curl). It appears
        here at once.
      </p>
      <Connection />
    </EmptyState>
  );
}
