import { describe, expect, it } from '@jest/globals';
import { DELIVERY_STATES } from 'nestjs-lalamove/deliveries';
import { deliveryTransitions, type StateChange } from './delivery-transitions.js';
import { read } from './fences.js';
import { listed, members, namesOf, section, table } from './pages.js';

const docs = read('docs/reference/delivery-states.md');
const transitions = deliveryTransitions();

/** A line of the diagram is no longer than this; further causes get an arrow of their own. */
const MAX_LINE = 110;

function diagram(all: readonly StateChange[]): string {
  const arrows = DELIVERY_STATES.flatMap((from) =>
    DELIVERY_STATES.flatMap((to) => all.filter((way) => way.from === from && way.to === to).flatMap(arrowsOf)),
  );
  const ends = ['completed', 'canceled', 'failed'].map((state) => `    ${state} --> [*]`);
  return ['stateDiagram-v2', '    [*] --> requested: book', ...arrows, ...ends].join('\n');
}

function arrowsOf({ from, to, by }: StateChange): string[] {
  const arrow = `    ${from} --> ${to}: `;
  const lines: string[] = [];
  for (const cause of by) {
    const last = lines.at(-1);
    const longer = last === undefined ? undefined : `${last}, ${cause}`;
    if (longer === undefined || longer.length > MAX_LINE) lines.push(`${arrow}${cause}`);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

describe('docs/reference/delivery-states.md', () => {
  it('names every state', () => {
    expect(namesOf(table(docs, 'state'))).toEqual(DELIVERY_STATES);
  });

  it('has every way from state to state in its diagram, and no other', () => {
    expect(/```mermaid\n([\s\S]*?)\n```/.exec(docs)?.[1]?.split('\n')).toEqual(diagram(transitions).split('\n'));
  });

  it('says what everything at an arrow means', () => {
    const labels = listed(section(docs, 'The labels at the arrows:', '## Reasons'));
    const causes = new Set(
      transitions.flatMap(({ by }) => by.map((cause) => cause.replace(/^resolve .*/, 'resolve …'))),
    );
    expect(causes.size).toBeGreaterThan(15);
    expect([...causes].filter((cause) => !labels.includes(cause))).toEqual([]);
  });

  it('names every reason', () => {
    const reasons = members(read('src/deliveries/domain/reasons.ts'), /const REASONS/).map(([name]) => name);
    const named = listed(section(docs, 'What each code means, and what to do:'));
    expect(named).toEqual(reasons);
  });
});

describe('what can happen to a delivery', () => {
  it('leads out of an end only by a replacement, a late order that cannot be cancelled, or one that lives after all', () => {
    const away = transitions.filter(({ from }) => ['completed', 'canceled', 'failed'].includes(from));
    expect(away).toEqual(
      expect.arrayContaining([
        { from: 'completed', to: 'assigning', by: ['ORDER_REPLACED'] },
        { from: 'canceled', to: 'assigning', by: ['ASSIGNING_DRIVER', 'ORDER_REPLACED', 'duplicate'] },
        { from: 'canceled', to: 'on_going', by: ['ON_GOING'] },
        { from: 'canceled', to: 'picked_up', by: ['PICKED_UP'] },
        { from: 'canceled', to: 'completed', by: ['COMPLETED'] },
        { from: 'failed', to: 'assigning', by: ['ORDER_REPLACED', 'duplicate'] },
      ]),
    );
    expect(away).toHaveLength(6);
  });
});
