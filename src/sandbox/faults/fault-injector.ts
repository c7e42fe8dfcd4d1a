import type { LalamoveOperation } from '../../api/operation-table.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { checkedFault } from './check-fault.js';
import type { CallFault, Fault, FaultAnswer, FaultRule, WebhookFault } from './fault-rule.js';

/** The faults that wait for their occasions. */
export class FaultInjector {
  constructor(private readonly world: SandboxWorld) {}

  /** Adds a fault, behind those that are there. */
  add(given: unknown): FaultRule {
    // A copy: what is changed outside afterwards has not been checked.
    const fault: Fault = structuredClone(checkedFault(given));
    const rule: FaultRule = { ...fault, id: this.world.random.uuid('faults').slice(0, 8), left: fault.times ?? 1 };
    this.world.state.faults.push(rule);
    return rule;
  }

  get rules(): readonly FaultRule[] {
    return this.world.state.faults;
  }

  /** @throws RangeError for one that is not there */
  remove(id: string): void {
    const { faults } = this.world.state;
    const index = faults.findIndex((rule) => rule.id === id);
    if (index < 0) throw new RangeError(`The sandbox has no fault ${id}.`);
    faults.splice(index, 1);
  }

  clear(): void {
    this.world.state.faults = [];
  }

  /** What goes wrong with a call: the first fault that fits, whose occasion this then was. */
  takeCallFault(operation: LalamoveOperation | undefined, number: number): CallFault | undefined {
    for (const rule of this.rules) {
      if ('webhook' in rule || !includes(rule.call, operation) || !this.#applies(rule)) continue;
      this.world.log.add({ kind: 'fault', number, id: rule.id, what: describe(rule) });
      return rule;
    }
    return undefined;
  }

  /** What goes wrong with a webhook: every fault that fits. */
  takeWebhookFaults(event: string, orderId: string | undefined): WebhookFault[] {
    const found: WebhookFault[] = [];
    for (const rule of [...this.rules]) {
      if (!('webhook' in rule) || !includes(rule.event, event)) continue;
      if (rule.orderId !== undefined && rule.orderId !== orderId) continue;
      if (!this.#applies(rule)) continue;
      this.world.log.add({ kind: 'fault', number: undefined, id: rule.id, what: `${event} ${rule.webhook}` });
      found.push(rule);
    }
    return found;
  }

  #applies(rule: FaultRule): boolean {
    const { probability = 1 } = rule;
    if (probability < 1 && this.world.random.fraction('faults') >= probability) return false;
    if (rule.left !== 'always') {
      rule.left -= 1;
      if (rule.left <= 0) this.remove(rule.id);
    }
    return true;
  }
}

function includes(wanted: string | readonly string[] | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  return value !== undefined && (typeof wanted === 'string' ? wanted === value : wanted.includes(value));
}

function describe({ work, latencyMs, answer }: CallFault): string {
  return [latencyMs === undefined ? undefined : `${latencyMs} ms`, work && `work ${work}`, describeAnswer(answer)]
    .filter(Boolean)
    .join(', ');
}

function describeAnswer(answer: FaultAnswer | undefined): string | undefined {
  if (typeof answer !== 'object') return answer;
  return 'code' in answer ? answer.code : String(answer.status);
}
