import { checkHost } from './host.js';

process.on('unhandledRejection', (error) => {
  console.error(error);
  process.exit(1);
});

void checkHost().then(
  () => {
    console.log('The host works.');
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
