import { textOf, type Tree } from './schematic.js';

const FILE = '.env.example';

/** A copy of the file connects the app to the sandbox. */
const VARIABLES = `# Lalamove. These keys are of the local sandbox: npx lalamove-sandbox
# For Lalamove itself, set those of the partner portal, and remove LALAMOVE_BASE_URL.
LALAMOVE_API_KEY=pk_test_sandbox
LALAMOVE_API_SECRET=sk_test_sandbox
LALAMOVE_MARKET=HK
LALAMOVE_BASE_URL=http://127.0.0.1:4010
# The public URL of POST /webhooks/lalamove; the app registers it with Lalamove at each start
LALAMOVE_WEBHOOK_URL=http://127.0.0.1:3000/webhooks/lalamove
`;

/** Appends the variables to `.env.example`, which it creates if there is none. Variables that are there stay. */
export function addVariables(tree: Tree): void {
  const given = textOf(tree, FILE) ?? '';
  if (/^#? ?LALAMOVE_API_KEY=/m.test(given)) return;
  const separator = given === '' || given.endsWith('\n\n') ? '' : given.endsWith('\n') ? '\n' : '\n\n';
  if (tree.exists(FILE)) tree.overwrite(FILE, given + separator + VARIABLES);
  else tree.create(FILE, VARIABLES);
}
