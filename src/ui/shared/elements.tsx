import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { copyText } from './copy-text.js';
import { formatDateTime, formatTime } from './format.js';
import { toast } from './toasts.js';

/** The colour of a pill or a notice. */
export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'bad';

/** A small label, such as the state of a delivery. */
export function Pill({ tone = 'neutral', children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return <span class={`pill pill-${tone}`}>{children}</span>;
}

/** Properties of {@link Button}. */
export interface ButtonProps {
  readonly kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  readonly label?: string;
  readonly isDisabled?: boolean;
  /** While it runs, the button cannot be pressed again. */
  readonly onPress: () => unknown;
  readonly children: ComponentChildren;
}

/** A button. `label` names it for screen readers, if its content is no text. */
export function Button({ kind = 'plain', label, isDisabled = false, onPress, children }: ButtonProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const press = async (): Promise<void> => {
    setBusy(true);
    try {
      await onPress();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={`button button-${kind}`}
      aria-label={label}
      aria-busy={isBusy}
      disabled={isDisabled || isBusy}
      onClick={() => void press()}
    >
      {children}
    </button>
  );
}

/** Copies a text. It says so for two seconds. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }): JSX.Element {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return undefined;
    const timer = setTimeout(() => {
      setDone(false);
    }, 2_000);
    return () => {
      clearTimeout(timer);
    };
  }, [isDone]);
  const copy = async (): Promise<void> => {
    if (await copyText(text)) setDone(true);
    else toast('bad', 'The browser does not allow copying: select the text.');
  };
  return (
    <Button kind="quiet" onPress={copy}>
      <span aria-live="polite">{isDone ? 'Copied' : label}</span>
    </Button>
  );
}

/** A block of code with a button that copies it. */
export function CodeBlock({ text, label }: { text: string; label: string }): JSX.Element {
  return (
    <figure class="code">
      <figcaption>
        <span>{label}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* Focusable, because a long line is scrolled by keys. */}
      <pre tabIndex={0} aria-label={label} role="region">
        {text}
      </pre>
    </figure>
  );
}

/** A time of day, with the full date as its title. */
export function Time({ at, isLong = false }: { at: string | number; isLong?: boolean }): JSX.Element {
  const date = new Date(at);
  const iso = Number.isNaN(date.valueOf()) ? '' : date.toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {isLong ? formatDateTime(at) : formatTime(at)}
    </time>
  );
}

/** What a place without content says: what it will show, and what to do first. */
export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** A message in a box, for example the reason of an error. */
export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** Properties of {@link Dialog}. */
export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog. Escape and a press beside it close it; the focus goes back to where it was. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby="dialog-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <Button kind="quiet" label="Close" onPress={onClose}>
            ✕
          </Button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Properties of {@link SearchField}. */
export interface SearchFieldProps {
  readonly value: string;
  readonly placeholder: string;
  readonly onChange: (value: string) => void;
}

/** A search box. The key `/` focuses it, Escape empties it. */
export function SearchField({ value, placeholder, onChange }: SearchFieldProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== '/' || isTyping) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => {
      removeEventListener('keydown', focus);
    };
  }, []);
  return (
    <input
      ref={input}
      class="search"
      type="search"
      aria-label={placeholder}
      placeholder={placeholder}
      value={value}
      onInput={({ currentTarget }) => {
        onChange(currentTarget.value);
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onChange('');
      }}
    />
  );
}

/** Properties of {@link Tabs}. */
export interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly name: Name; readonly title: ComponentChildren }[];
  readonly selected: Name;
  readonly onSelect: (name: Name) => void;
}

/** A list of tabs. The arrow keys move between them. */
export function Tabs<Name extends string>({ label, tabs, selected, onSelect }: TabsProps<Name>): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const move = (by: number): void => {
    const at = tabs.findIndex(({ name }) => name === selected);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    onSelect(next.name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.name}"]`)?.focus();
  };
  return (
    <div
      ref={list}
      class="tabs"
      role="tablist"
      aria-label={label}
      onKeyDown={({ key }) => {
        if (key === 'ArrowRight') move(1);
        if (key === 'ArrowLeft') move(-1);
      }}
    >
      {tabs.map(({ name, title }) => (
        <button
          key={name}
          type="button"
          role="tab"
          data-tab={name}
          aria-selected={name === selected}
          tabIndex={name === selected ? 0 : -1}
          onClick={() => {
            onSelect(name);
          }}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
