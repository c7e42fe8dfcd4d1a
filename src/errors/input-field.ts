/**
 * A pointer to a member of `data`, the input of a call. Other characters are not translated: Lalamove may have appended
 * the wrong value to the pointer (`/data/stops/0/name:Ada`).
 */
const IN_DATA = /^\/data((?:\/[\w~.-]+)*)$/;

/**
 * The member `field` of an error: its place in the input of the method. A request body is `{ data: input }`, so that
 * `/data/stops/0/address` is `/stops/0/address` of the input, and `/data` is the whole input, which is the empty
 * pointer. Empty for a pointer to anything else.
 */
export function inputField(pointer: string | undefined): { field?: string } {
  const [, field] = IN_DATA.exec(pointer ?? '') ?? [];
  return field === undefined ? {} : { field };
}
