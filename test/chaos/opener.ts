import { openDatabase, type EmbeddedDatabaseOptions } from '../../src/deliveries/storage/sqlite/open-database.js';

/** The message that the process receives after it has loaded. */
export interface OpenerPlan {
  readonly database: EmbeddedDatabaseOptions;
  /** The number of rows that it commits, each in its own transaction, before it reports `opened`. */
  readonly rows?: number;
}

// Opens a database of deliveries, reports that, and runs until it is killed.

async function open({ database, rows = 0 }: OpenerPlan): Promise<void> {
  const db = await openDatabase(database);
  for (let count = 0; count < rows; count += 1) {
    const row = { delivery_id: 'd', account: '', number: 1, outcome: 'reserved', total: '1', currency: 'HKD' };
    await db
      .insertInto('delivery_attempts')
      .values({ ...row, id: `${process.pid}-${count}`, quotation_id: `q${count}`, reserved_at: count })
      .execute();
  }
}

process.on('disconnect', () => process.exit(0));
process.once('message', (plan: OpenerPlan) => {
  open(plan).then(
    () => process.send?.({ opened: true }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.send?.({ loaded: true });
