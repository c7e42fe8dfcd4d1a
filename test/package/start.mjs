// What the README's first command promises: a storefront that listens, and lines to paste that quote, order and track. After a build.
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const storefront = spawn(process.execPath, ['dist/examples/storefront/main.js'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  env: { ...process.env, PORT: '0', LALAMOVE_API_KEY: '' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  let printed = '';
  for await (const chunk of storefront.stdout) {
    printed += String(chunk);
    if (printed.includes('curl -i')) break;
  }
  const lines = printed.split('\n').filter((line) => /^(QUOTE=|ORDER=|curl -s)/.test(line));
  const answers = execFileSync('bash', ['-euc', lines.join('\n')], { encoding: 'utf8' });
  const right = lines.length === 4 && (answers.match(/ASSIGNING_DRIVER/g)?.length ?? 0) === 2;
  console.log(right ? 'ok: npm start, and its four lines' : `FAILED: npm start\n${printed}\n${answers}`);
  process.exitCode = right ? 0 : 1;
} finally {
  storefront.kill();
}
