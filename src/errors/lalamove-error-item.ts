/** One error of an answer's list of errors. */
export interface LalamoveErrorItem {
  /** Lalamove's `ERR_…` code, or one of this package's with the prefix `LALAMOVE_`. */
  code: string;
  message: string;
  /** A JSON pointer (RFC 6901) into the request body that is sent to Lalamove, e.g. `/data/stops/0/address`. */
  pointer?: string;
  /**
   * The same place as a JSON pointer into the input of the method, and so into the body of a route whose `@Body()` is
   * the DTO of the method: `/stops/0/address`. It is empty for the whole input, and missing if the pointer is not in
   * the input, for example at an id.
   */
  field?: string;
  /** Lalamove's explanation in words. It may be all that names the field: `'name' validation failed: …`. */
  detail?: string;
}
