import type { Quotation } from 'nestjs-lalamove';
import { QUOTATION } from '../support/inputs.js';
import { FrozenScene } from './frozen-scene.js';

/** A frozen sandbox in which a test requests quotations. */
export class QuotationScene extends FrozenScene {
  /** The local checks are off, so that the sandbox refuses the request. */
  quote(more: object = {}, market = 'HK'): Promise<Quotation> {
    return this.lalamove.createQuotation({ ...QUOTATION, ...more }, { market, validate: false });
  }
}
