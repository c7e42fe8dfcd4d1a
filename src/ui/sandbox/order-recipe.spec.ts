import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { moduleOptions, orderRecipe } from './order-recipe.js';

const KEYS = { base: 'http://127.0.0.1:1', apiKey: "pk_it's_$HOME", apiSecret: "sk_'\\" };

describe('what is pasted', () => {
  it('contains keys of any letters, in the shell', () => {
    const [assignments = ''] = orderRecipe(KEYS).split('\n');
    const out = execFileSync('sh', ['-c', `${assignments}\nprintf '%s %s' "$KEY" "$SECRET"`]).toString();
    expect(out).toBe(`${KEYS.apiKey} ${KEYS.apiSecret}`);
  });

  it('contains keys of any letters, in the options of the module', () => {
    expect(moduleOptions(KEYS)).toContain(String.raw`apiKey: 'pk_it\'s_$HOME',`);
    expect(moduleOptions(KEYS)).toContain(String.raw`apiSecret: 'sk_\'\\',`);
  });
});
