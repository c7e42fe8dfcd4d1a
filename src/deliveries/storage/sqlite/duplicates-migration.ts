import { sql, type Kysely, type Migration } from 'kysely';
import { isRecord } from '../../../internal/is-record.js';
import { parsedJson } from '../../../internal/parsed-json.js';
import { duplicateFound } from '../../domain/duplicates.js';
import { newProgress, type DeliveryProgress } from '../../domain/delivery-progress.js';

/** The previous version stored duplicate orders as ids only, in `strays`. */
export const duplicatesMigration: Migration = {
  up: async (db: Kysely<unknown>) => {
    const { rows } = await sql<{ id: string; course: string; updated_at: number }>`
      select id, course, updated_at from deliveries where course like '%"strays"%'`.execute(db);
    for (const { id, course, updated_at: at } of rows) {
      const converted = withoutStrays(course, at);
      // The worker then cancels or follows each duplicate.
      if (converted)
        await sql`update deliveries set course = ${converted}, due_at = ${at} where id = ${id}`.execute(db);
    }
  },
};

function withoutStrays(json: string, at: number): string | undefined {
  // A damaged row is left as it is: the code that reads it later reports it.
  const course = parsedJson(json);
  if (!isRecord(course) || !Array.isArray(course.strays)) return undefined;
  const { strays, ...rest } = course;
  return JSON.stringify({ ...rest, duplicates: duplicatesOf(strays, at) });
}

function duplicatesOf(strays: readonly unknown[], at: number): DeliveryProgress['duplicates'] {
  let progress = newProgress(at, undefined);
  for (const orderId of strays) {
    if (typeof orderId === 'string')
      ({ progress } = duplicateFound({ state: 'assigning', progress }, { orderId }, at, {}));
  }
  return progress.duplicates;
}
