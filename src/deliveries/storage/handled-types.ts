/** The event types that the handlers of a process handle. `'*'` means all types of that source. */
export interface HandledTypes {
  readonly delivery: ReadonlySet<string>;
  readonly webhook: ReadonlySet<string>;
}

/** Whether a type is handled. */
export function isHandled(types: ReadonlySet<string>, type: string): boolean {
  return types.has('*') || types.has(type);
}
