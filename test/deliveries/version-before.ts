import Database from 'libsql';

const LATER_INDEXES = [
  'events_to_look_at',
  'events_unidentified',
  'events_open',
  'deliveries_due_in_order',
  'attempts_given_up',
  'deliveries_unreadable',
  'events_unreadable',
];

/** Members of the stored progress, and their names in the first version. */
const OLD_MEMBERS = {
  statusAt: 'toldAt',
  lastUpdateAt: 'heardAt',
  needsRead: 'inDoubt',
  cancelSent: 'cancelTried',
  isAnnounced: 'told',
};

/** Converts a file to the schema of the first version: it undoes every migration but the first. The lock file stays. */
export function toVersionBefore(file: string): void {
  const database = new Database(file);
  for (const text of [
    'alter table deliveries rename column progress to course',
    'alter table delivery_events rename column dispatch to hand_over',
    ...Object.entries(OLD_MEMBERS).map(
      ([name, old]) => `update deliveries set course = replace(course, '"${name}":', '"${old}":')`,
    ),
    'drop table delivery_process',
    ...LATER_INDEXES.map((name) => `drop index ${name}`),
    'alter table delivery_events drop column look_at',
    'alter table delivery_events drop column blocked_on',
    'alter table delivery_events drop column unreadable_at',
    'alter table deliveries drop column unreadable_at',
    "create index events_pending on delivery_events (next_try_at, id) where hand_over = 'pending'",
    'create index deliveries_due on deliveries (due_at) where due_at is not null',
    "delete from delivery_migrations where name <> '2026-11-22-first'",
  ]) {
    database.exec(text);
  }
  database.close();
}
