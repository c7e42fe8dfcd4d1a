import { openDatabase } from '../../src/deliveries/store/open-database.js';

// Opens a database of deliveries, says so, and stays until it is killed.

process.on('disconnect', () => process.exit(0));
process.send?.({ loaded: true });
process.once('message', (options: Parameters<typeof openDatabase>[0]) => {
  openDatabase(options).then(
    () => process.send?.({ opened: true }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
