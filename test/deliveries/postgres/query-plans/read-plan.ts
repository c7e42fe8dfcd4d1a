import { isRecord } from '../../../../src/internal/is-record.js';

/** What a plan says of its statement. */
export interface ReadPlan {
  /** The tables that it reads from their start to their end. */
  readonly seqScans: readonly string[];
  /** The rows of the tables of deliveries that it has read, also those that it did not need. */
  readonly rowsRead: number;
  /** The rows that it has returned or written. */
  readonly rows: number;
  /** The rows that it has sorted. */
  readonly sorted: number;
  /** The indexes that it reads. */
  readonly indexes: readonly string[];
  /** The pages of tables and indexes that it has touched. */
  readonly pages: number;
  readonly ms: number;
  /** The plan in one line. */
  readonly shape: string;
}

type PlanNode = Readonly<Record<string, unknown>>;

/** Their rows grow with the deliveries. */
const GROWING: ReadonlySet<string> = new Set(['deliveries', 'delivery_attempts', 'delivery_events']);

/** Reads the plan that `explain (analyze, buffers, format json)` has returned. */
export function readPlan(explained: PlanNode): ReadPlan {
  const { Plan: root } = explained;
  if (!isRecord(root)) throw new TypeError('This is no plan.');
  const nodes = allNodes(root);
  const scans = nodes.filter((node) => GROWING.has(relationOf(node)) && typeOf(node).endsWith('Scan'));
  const seqScans = scans.filter((node) => typeOf(node) === 'Seq Scan').map(relationOf);
  const sorts = nodes.filter((node) => typeOf(node).endsWith('Sort'));
  return {
    seqScans,
    rowsRead: sum(scans.map(readBy)),
    rows: Math.max(rowsOf(root), ...nodes.filter((node) => typeOf(node) === 'ModifyTable').map(writtenBy)),
    sorted: sum(sorts.flatMap((node) => childrenOf(node).map(rowsOf))),
    indexes: nodes.map((node) => textIn(node, 'Index Name')).filter((name) => name !== ''),
    pages: numberIn(root, 'Shared Hit Blocks') + numberIn(root, 'Shared Read Blocks'),
    ms: numberIn(explained, 'Execution Time'),
    shape: shapeOf(root),
  };
}

function allNodes(node: PlanNode): PlanNode[] {
  return [node, ...childrenOf(node).flatMap(allNodes)];
}

function childrenOf({ Plans: children }: PlanNode): PlanNode[] {
  return Array.isArray(children) ? children.filter(isRecord) : [];
}

function readBy(node: PlanNode): number {
  const removed = numberIn(node, 'Rows Removed by Filter') + numberIn(node, 'Rows Removed by Index Recheck');
  return rowsOf(node) + removed * numberIn(node, 'Actual Loops');
}

function writtenBy(node: PlanNode): number {
  return Math.max(rowsOf(node), ...childrenOf(node).map(rowsOf));
}

function rowsOf(node: PlanNode): number {
  return numberIn(node, 'Actual Rows') * numberIn(node, 'Actual Loops');
}

function typeOf(node: PlanNode): string {
  return textIn(node, 'Node Type');
}

function relationOf(node: PlanNode): string {
  return textIn(node, 'Relation Name');
}

function shapeOf(node: PlanNode): string {
  const on = textIn(node, 'Index Name') || relationOf(node);
  const children = childrenOf(node).map(shapeOf);
  return `${typeOf(node)}${on && ` ${on}`}${children.length > 0 ? ` (${children.join(', ')})` : ''}`;
}

function textIn(node: PlanNode, name: string): string {
  const value = node[name];
  return typeof value === 'string' ? value : '';
}

function numberIn(node: PlanNode, name: string): number {
  const value = node[name];
  return typeof value === 'number' ? value : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
