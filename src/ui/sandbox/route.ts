import { useEffect, useState } from 'preact/hooks';

/** The views of the page. */
export const VIEWS = ['orders', 'requests', 'webhooks', 'faults', 'log', 'sandbox'] as const;

/** One of {@link VIEWS}. */
export type ViewName = (typeof VIEWS)[number];

/** What the page shows, as its address says it: `#/orders/123`. */
export interface Route {
  readonly view: ViewName;
  /** What is selected in the view. */
  readonly id: string;
}

/** The address of a view. */
export function hrefOf(view: ViewName, id = ''): string {
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}`;
}

/** Shows another view. */
export function goTo(view: ViewName, id = ''): void {
  location.hash = hrefOf(view, id);
}

function current(): Route {
  const [, name, id = ''] = location.hash.split('/');
  const view = VIEWS.find((each) => each === name) ?? 'orders';
  try {
    return { view, id: decodeURIComponent(id) };
  } catch {
    return { view, id: '' };
  }
}

/** What the address says. The component is drawn again when that changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const read = (): void => {
      setRoute(current());
    };
    addEventListener('hashchange', read);
    return () => {
      removeEventListener('hashchange', read);
    };
  }, []);
  return route;
}
