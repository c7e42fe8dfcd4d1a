import { expect } from '@jest/globals';
import type { LalamoveModuleOptions, LalamoveService, PlaceOrderDto } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type LedgerLine } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';

/** A sandbox on a clock that stands still, a client, and the ledger line of the order that a test places. */
export class FaultScene {
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(
    readonly clock: SandboxClock,
    readonly sandbox: LalamoveSandbox,
    readonly lalamove: LalamoveService,
  ) {
    this.closeLater(() => sandbox.stop());
  }

  static async start(): Promise<FaultScene> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false });
    const client = await startLalamove(accountOn(sandbox));
    const scene = new FaultScene(clock, sandbox, client.lalamove);
    scene.closeLater(client.close);
    return scene;
  }

  closeLater(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  /** A client that is closed after the test. */
  async clientOf(of: LalamoveSandbox, more: Partial<LalamoveModuleOptions> = {}): Promise<LalamoveService> {
    const started = await startLalamove(accountOn(of, more));
    this.closeLater(started.close);
    return started.lalamove;
  }

  /** The ledger line of the order's reference. */
  line(): LedgerLine {
    const { reference } = this.sandbox.ledger.byMetadata;
    return reference?.['A-1'] ?? { orderIds: [], live: [], completed: [], spent: {} };
  }

  live(): number {
    return this.line().live.length;
  }

  async toOrder(): Promise<PlaceOrderDto> {
    return orderOf(await this.lalamove.createQuotation(QUOTATION));
  }

  /** Checks the number of live couriers for the order's reference, and that exactly these are paid for. */
  expectLive(count: number, price: string): void {
    expect(this.line().live).toHaveLength(count);
    expect(this.line().spent).toEqual(count === 0 ? {} : { HKD: String(count * Number(price)) });
  }
}
