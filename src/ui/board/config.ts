import type { BoardConfig } from '../../board/board-answers.js';
import { pageConfig } from '../shared/page-config.js';

/** What the server has told the page. */
export const CONFIG: BoardConfig = pageConfig(isConfig);

function isConfig(value: unknown): value is BoardConfig {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'board') === 1;
}
