import { sql, type Kysely, type Migration } from 'kysely';

/** Old member of the stored JSON → new member. JSON escapes quotes inside strings, so a text of a host cannot match. */
const RENAMED_MEMBERS: Readonly<Record<string, string>> = {
  toldAt: 'statusAt',
  heardAt: 'lastUpdateAt',
  inDoubt: 'needsRead',
  cancelTried: 'cancelSent',
  told: 'isAnnounced',
};

/** Renames the columns and the members of the stored progress to the names in the code. */
export const progressMigration: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table deliveries rename column course to progress`.execute(db);
    await sql`alter table delivery_events rename column hand_over to dispatch`.execute(db);
    for (const [from, to] of Object.entries(RENAMED_MEMBERS)) {
      await sql`update deliveries set progress = replace(progress, ${`"${from}":`}, ${`"${to}":`})
        where progress like ${`%"${from}":%`}`.execute(db);
    }
  },
};
