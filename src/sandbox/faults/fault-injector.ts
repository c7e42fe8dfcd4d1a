import type { LalamoveOperation } from '../../api/endpoints.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { checkedFault } from './check-fault.js';
import type { CallFault, Fault, FaultAnswer, FaultRule, WebhookFault } from './fault-rule.js';

/** How many faults are remembered after their last time. */
const MAX_SPENT = 50;

/** Keeps the faults, and applies them to calls and webhooks. */
export class FaultInjector {
  constructor(private readonly world: SandboxWorld) {}

  /**
   * Adds a fault after the existing ones.
   *
   * @throws RangeError if the fault is invalid
   */
  add(given: unknown): FaultRule {
    // A copy, because the caller could change its object after the check.
    const fault: Fault = structuredClone(checkedFault(given));
    const rule: FaultRule = {
      ...fault,
      id: this.world.random.uuid('faults').slice(0, 8),
      left: fault.times ?? 1,
      fired: 0,
    };
    this.world.state.faults.push(rule);
    return rule;
  }

  get rules(): readonly FaultRule[] {
    return this.world.state.faults;
  }

  /** The latest faults that have applied as often as they were to, oldest first. */
  get spent(): readonly FaultRule[] {
    return this.world.state.spentFaults;
  }

  /**
   * Removes a fault.
   *
   * @throws RangeError if there is no such fault
   */
  remove(id: string): void {
    const { faults } = this.world.state;
    const index = faults.findIndex((rule) => rule.id === id);
    if (index < 0) throw new RangeError(`The sandbox has no fault ${id}.`);
    faults.splice(index, 1);
  }

  clear(): void {
    this.world.state.faults = [];
  }

  /** The first fault that applies to a call. It is counted as used. */
  takeCallFault(operation: LalamoveOperation | undefined, number: number): (CallFault & FaultRule) | undefined {
    for (const rule of this.rules) {
      if ('webhook' in rule || !includes(rule.call, operation) || !this.#applies(rule)) continue;
      this.world.log.add({ kind: 'fault', number, id: rule.id, what: describe(rule) });
      return rule;
    }
    return undefined;
  }

  /** All faults that apply to a webhook. They are counted as used. */
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
    rule.fired += 1;
    if (rule.left !== 'always') {
      rule.left -= 1;
      if (rule.left <= 0) {
        this.remove(rule.id);
        this.world.state.spentFaults = [...this.spent, rule].slice(-MAX_SPENT);
      }
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
