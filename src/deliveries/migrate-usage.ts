/** The arguments of `lalamove-deliveries-migrate`. */
export const MIGRATE_USAGE = `Usage: lalamove-deliveries-migrate FILE [--accept-restored]
       lalamove-deliveries-migrate postgres://USER@HOST/DATABASE [--schema NAME] [--restored | --moved]`;
