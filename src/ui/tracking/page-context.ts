import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { TrackingPageConfig } from '../../tracking/tracking-view.js';
import type { LocalFormat } from './local-format.js';
import type { Say } from './texts.js';

/** What all parts of the page need. */
export interface PageParts {
  readonly settings: TrackingPageConfig;
  readonly say: Say;
  readonly format: LocalFormat;
}

/** Given to all parts by `main.tsx`. */
export const PageContext = createContext<PageParts | undefined>(undefined);

/** What all parts of the page need. */
export function usePage(): PageParts {
  const parts = useContext(PageContext);
  if (!parts) throw new TypeError('This part is not within the page.');
  return parts;
}
