import { describe, expect, it } from '@jest/globals';
import { DELIVERY_STATES } from 'nestjs-lalamove/deliveries';
import { deliveryTransitions, type StateChange } from './delivery-transitions.js';
import { read } from './fences.js';
import { listed, members, namesOf, section, table } from './pages.js';

const docs = read('docs/reference/delivery-states.md');
const transitions = deliveryTransitions();

/** The longest line of the diagram. More causes get another arrow. */
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

  it('has exactly the possible transitions in its diagram', () => {
    expect(/```mermaid\n([\s\S]*?)\n```/.exec(docs)?.[1]?.split('\n')).toEqual(diagram(transitions).split('\n'));
  });

  it('explains every label of an arrow', () => {
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

describe('a terminal state of a delivery', () => {
  it('is left only by a replacement, or by an order that is late and not cancelled, or still live', () => {
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
