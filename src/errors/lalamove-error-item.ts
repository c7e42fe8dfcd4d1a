/** One error of an answer's list of errors. */
export interface LalamoveErrorItem {
  /** Lalamove's `ERR_…` code, or one of this package's with the prefix `LALAMOVE_`. */
  code: string;
  message: string;
  /** A JSON pointer (RFC 6901) into the request body, e.g. `/data/stops/0/address`. */
  pointer?: string;
  /** Lalamove's explanation in words. It may be all that names the field: `'name' validation failed: …`. */
  detail?: string;
}
