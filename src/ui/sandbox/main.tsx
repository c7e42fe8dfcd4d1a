import { render } from 'preact';
import { App } from './app.js';
import { followSandbox } from './store.js';

const root = document.getElementById('app');
if (root) {
  followSandbox();
  render(<App />, root);
}
