import { render } from 'preact';
import { App } from './app.js';
import { followBoard } from './live.js';

const root = document.getElementById('app');
if (root) {
  followBoard();
  render(<App />, root);
}
