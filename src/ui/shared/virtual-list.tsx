import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Rows above and below the visible ones that are drawn too. */
const OVERSCAN = 8;

/** Properties of {@link VirtualList}. */
export interface VirtualListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  /** The height of every row in CSS pixels. */
  readonly rowHeight: number;
  readonly keyOf: (item: Item) => string | number;
  readonly row: (item: Item, index: number) => ComponentChildren;
  /** Called when the end comes near, to load more. */
  readonly onEnd?: () => void;
}

/** A list that draws the visible rows alone, so that thousands of rows scroll smoothly. */
export function VirtualList<Item>({ label, items, rowHeight, keyOf, row, onEnd }: VirtualListProps<Item>): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const [{ top, height }, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const list = element.current;
    if (!list) return undefined;
    const measure = (): void => {
      setView({ top: list.scrollTop, height: list.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    list.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      list.removeEventListener('scroll', measure);
    };
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  useEffect(() => {
    if (last >= items.length) onEnd?.();
  }, [last, items.length, onEnd]);
  return (
    <div ref={element} class="virtual-list" role="list" aria-label={label} tabIndex={-1}>
      <div class="virtual-list-space" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, index) => (
          <div
            key={keyOf(item)}
            class="virtual-list-row"
            role="listitem"
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{ height: `${rowHeight}px`, transform: `translateY(${(first + index) * rowHeight}px)` }}
          >
            {row(item, first + index)}
          </div>
        ))}
      </div>
    </div>
  );
}
