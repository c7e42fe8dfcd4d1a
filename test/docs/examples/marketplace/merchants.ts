// merchants.ts
import { Injectable, Module } from '@nestjs/common';

/** A row of your table of merchants. Store the secret encrypted. */
export interface Merchant {
  readonly id: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly market: string;
}

/** Stands for a repository of your database, with an index on each of the two columns. */
@Injectable()
export class Merchants {
  readonly rows: Merchant[] = [];

  byId(id: string): Promise<Merchant | undefined> {
    return Promise.resolve(this.rows.find((row) => row.id === id));
  }

  byApiKey(apiKey: string): Promise<Merchant | undefined> {
    return Promise.resolve(this.rows.find((row) => row.apiKey === apiKey));
  }
}

@Module({ providers: [Merchants], exports: [Merchants] })
export class MerchantsModule {}
