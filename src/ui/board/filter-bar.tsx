import type { JSX } from 'preact';
import type { BoardSummary } from '../../board/board-answers.js';
import { hrefOf } from './route.js';
import { FILTERS, statesOf, TITLES, type Filter } from './states.js';

/** Properties of {@link FilterBar}. */
export interface FilterBarProps {
  readonly counts: BoardSummary['byState'] | undefined;
  readonly selected: Filter | undefined;
  readonly onSelect: () => void;
}

/** The lists, with their counts. */
export function FilterBar({ counts, selected, onSelect }: FilterBarProps): JSX.Element {
  const countOf = (filter: Filter): number | undefined => {
    if (!counts) return undefined;
    const states = statesOf(filter);
    const numbers = states.length === 0 ? Object.values(counts) : states.map((state) => counts[state]);
    return numbers.reduce((sum, number) => sum + number, 0);
  };
  return (
    <nav class="views" aria-label="Lists">
      {FILTERS.map((filter) => {
        const count = countOf(filter);
        const isUrgent = filter === 'attention' && count !== undefined && count > 0;
        return (
          <a
            key={filter}
            href={hrefOf(filter)}
            class={isUrgent ? 'urgent' : undefined}
            aria-current={filter === selected ? 'page' : undefined}
            onClick={onSelect}
          >
            {TITLES[filter]}
            {count !== undefined && <span class="count">{count.toLocaleString()}</span>}
          </a>
        );
      })}
    </nav>
  );
}
