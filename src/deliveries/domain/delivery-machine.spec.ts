import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BrokenInvariant } from '../../../test/deliveries/broken-invariant.js';
import {
  FAIR,
  ModelDelivery,
  type MachineRules,
  type Posting,
  type StepChoice,
} from '../../../test/deliveries/delivery-model.js';
import { ModelLalamove } from '../../../test/deliveries/model-lalamove.js';
import { decide } from './decide.js';
import { isTerminal } from './delivery-progress.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from './delivery-policy.js';
import { readAs } from './order-updates.js';
import { isCorrectable } from './resolution.js';
import { rebooked } from './transitions.js';

const RUNS = Number(process.env.MODEL_RUNS ?? 2000);

const RULES: MachineRules = { decide, readAs, isCorrectable, isFenced: true };

/** A command on the delivery. fast-check's model is empty, because `ModelDelivery` contains the model of Lalamove. */
type DeliveryCommand = fc.Command<object, ModelDelivery>;

/**
 * At any time there is at most one live order. With `then: 'rebook'` there may be two, because an abandoned order can
 * appear later. For that policy the checks are at the booking and at the end.
 */
function checkInvariants(delivery: ModelDelivery): void {
  const { live } = delivery.lalamove;
  if (live.length > 1 && delivery.policy.unknownOutcome.then === 'hold')
    throw new BrokenInvariant(`There are ${live.length} live orders.`);
}

class Command implements DeliveryCommand {
  constructor(
    private readonly name: string,
    private readonly work: (delivery: ModelDelivery) => void,
  ) {}

  check(): boolean {
    return true;
  }

  run(_model: object, delivery: ModelDelivery): void {
    this.work(delivery);
    checkInvariants(delivery);
  }

  toString(): string {
    return this.name;
  }
}

const POSTINGS: Posting[] = [
  'answered',
  'refused',
  'too dear',
  'lost, placed',
  'lost, never placed',
  'lost, placed later',
];

const step = fc
  .record<StepChoice>({
    posting: fc.constantFrom(...POSTINGS),
    crash: fc.constantFrom('none', 'none', 'none', 'after the reservation', 'after the POST'),
    isLost: fc.constant(false),
    meanwhile: fc.constantFrom(
      'nothing',
      'nothing',
      'events arrive',
      'COMPLETED',
      'CANCELED',
      'ON_GOING',
      'replaced',
      'cancel asked',
    ),
  })
  .map(
    (choice) =>
      new Command(`step ${JSON.stringify(choice)}`, (delivery) => {
        delivery.step(choice);
      }),
  );

const COMMANDS = [
  step,
  step,
  step,
  fc.constant(
    new Command('lost answer', (delivery) => {
      delivery.step({ ...FAIR, isLost: true });
    }),
  ),
  fc.constantFrom(1, 10, 200, 310, 960, 3700, 4 * 3600).map((seconds) => {
    return new Command(`${seconds} s pass`, ({ lalamove }) => {
      lalamove.advance(seconds * 1000);
    });
  }),
  fc.constantFrom('ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED', 'REJECTED', 'EXPIRED').map((status) => {
    return new Command(`Lalamove: ${status}`, ({ lalamove }) => {
      const [order] = lalamove.live;
      if (order && order.status !== status) lalamove.move(order, status);
    });
  }),
  fc.constantFrom('USER', 'LALAMOVE_CUSTOMER_SUPPORT').map((party) => {
    return new Command(`${party} cancels`, ({ lalamove }) => {
      // Customer service can cancel an order that has already ended.
      const order = lalamove.live[0] ?? lalamove.orders.at(-1);
      if (order && order.status !== 'CANCELED') lalamove.move(order, 'CANCELED', party);
    });
  }),
  fc.constant(
    new Command('work until nothing is due', (delivery) => {
      for (let count = 0; count < 40; count += 1) {
        if (delivery.next.do === 'rest' || delivery.next.do === 'wait') return;
        delivery.step(FAIR);
        checkInvariants(delivery);
      }
      const { next, snapshot, lalamove } = delivery;
      throw new BrokenInvariant(
        `It does not stop working: ${JSON.stringify({ next, snapshot, orders: lalamove.orders })}`,
      );
    }),
  ),
  fc.constant(
    new Command('customer service replaces', ({ lalamove }) => {
      const [order] = lalamove.live;
      if (order) lalamove.replace(order);
    }),
  ),
  fc.constant(
    new Command('the delayed orders are placed', ({ lalamove }) => {
      lalamove.placeDelayed();
    }),
  ),
  fc.tuple(fc.nat(9), fc.boolean()).map(([which, again]) => {
    return new Command(`event ${which} comes${again ? ', and stays in the queue' : ''}`, (delivery) => {
      const { unsent } = delivery.lalamove;
      const event = unsent[which % Math.max(unsent.length, 1)];
      if (event) delivery.deliver(event, again);
    });
  }),
  fc.nat(9).map((which) => {
    return new Command(`event ${which} is lost`, ({ lalamove: { unsent } }) => {
      unsent.splice(which % Math.max(unsent.length, 1), 1);
    });
  }),
  fc.constant(
    new Command('sweep', (delivery) => {
      delivery.sweep();
    }),
  ),
  fc.constant(
    new Command('a person resolves', (delivery) => {
      delivery.resolve();
    }),
  ),
  fc.constant(
    new Command('a person corrects the request', (delivery) => {
      delivery.correct();
    }),
  ),
];

const cancel = fc.constant(
  new Command('the host cancels', (delivery) => {
    delivery.askCancel();
  }),
);

const policies = fc.record<Partial<DeliveryPolicy>>({
  requote: fc.boolean(),
  rebook: fc.constantFrom(false as const, { maxAttempts: 3 }),
  poll: fc.constantFrom(false as const, DEFAULT_POLICY.poll),
  raiseFee: fc.constantFrom(false as const, [{ afterMinutes: 5, priorityFee: '20' }]),
});

const HOLD: Partial<DeliveryPolicy> = {};

/** It books again, although the unknown order may still appear. */
const REBOOK: Partial<DeliveryPolicy> = { unknownOutcome: { waitMinutes: 1, then: 'rebook' } };

/** No sequence of events and failures breaks an invariant, and each one ends in a state without further work. */
function property(rules: MachineRules, base = HOLD): fc.IProperty<unknown> {
  return fc.property(
    fc.commands([...COMMANDS, cancel], { maxCommands: 60, size: 'max' }),
    policies,
    fc.boolean(),
    fc.constantFrom(0, -300_000, 300_000),
    fc.boolean(),
    fc.boolean(),
    (commands, policy, hasMetadata, skewMs, forbidsCancelling, isLateFirst) => {
      const delivery = new ModelDelivery(
        new ModelLalamove(hasMetadata, skewMs),
        { ...DEFAULT_POLICY, ...base, ...policy },
        rules,
      );
      delivery.lalamove.forbidsCancelling = forbidsCancelling;
      delivery.lalamove.placesVeryLate = base === REBOOK;
      if (base === REBOOK && isLateFirst) bookTwice(delivery);
      fc.modelRun(() => ({ model: {}, real: delivery }), commands);
      comeToRest(delivery);
    },
  );
}

/** The first order is placed after it was abandoned and a second order was placed. */
function bookTwice(delivery: ModelDelivery): void {
  const { lalamove } = delivery;
  for (let posting: Posting = 'lost, placed later'; lalamove.orders.length === 0;) {
    const action = delivery.next;
    if (action.do === 'rest') throw new BrokenInvariant('It does not book again.');
    if (action.do === 'wait') lalamove.advance(action.until - lalamove.now);
    delivery.step({ ...FAIR, posting });
    if (action.do === 'book') posting = 'answered';
  }
  lalamove.placeDelayed();
}

/** From here on nothing fails. A live order is delivered. */
function comeToRest(delivery: ModelDelivery): void {
  const { lalamove } = delivery;
  lalamove.placeDelayed();
  delivery.deliverAll();
  checkInvariants(delivery);
  for (let count = 0; count < 400; count += 1) {
    for (const order of lalamove.live) lalamove.move(order, 'COMPLETED');
    // Only every second round sweeps, because each sweep requests a read for a webhook that still waits.
    if (count % 2 === 0) delivery.deliverAll();
    const action = delivery.next;
    if (action.do === 'rest' && count % 2 === 1) continue;
    if (action.do === 'rest') break;
    if (action.do === 'wait') lalamove.advance(Math.max(1, action.until - lalamove.now));
    delivery.step(FAIR);
    checkInvariants(delivery);
  }
  const { state, progress } = delivery.snapshot;
  const isOver = isTerminal(state) || state === 'needs_attention';
  // Without polling, a delivery whose webhooks are lost cannot know how its order ended.
  const isPolled = delivery.policy.poll !== false;
  if (isPolled && (delivery.next.do !== 'rest' || !isOver)) {
    const details = JSON.stringify({ next: delivery.next, progress, orders: lalamove.orders });
    throw new BrokenInvariant(`It does not come to rest: ${state}, ${details}`);
  }
  const order = lalamove.orders.find(({ id }) => id === progress.order?.orderId);
  const isEnded = order?.status === 'COMPLETED' || order?.status === 'CANCELED';
  if (state === 'completed' && !isEnded) throw new BrokenInvariant('The delivery is completed, but its order is not.');
  const isDelivered = delivery.knownOrders.some(({ status }) => status === 'COMPLETED');
  // A completed order can be replaced, and the replacing order can be canceled.
  if (isPolled && state !== 'completed' && isDelivered && !delivery.wasCompleted) {
    const details = JSON.stringify({ progress, orders: lalamove.orders });
    throw new BrokenInvariant(`The delivery is ${state}, but one of its orders is completed: ${details}`);
  }
}

describe('a delivery under any sequence of events and failures', () => {
  it('has one live order at most, posts no attempt twice, and leaves an end only by a replacement', () => {
    fc.assert(property(RULES), { numRuns: RUNS });
  });

  it('books nothing and reports no end while an order may be live, if the policy risks late orders', () => {
    fc.assert(property(RULES, REBOOK), { numRuns: RUNS });
  });

  const broken: [string, MachineRules, Partial<DeliveryPolicy>?][] = [
    [
      'the machine forgets a duplicate that could not be cancelled',
      {
        ...RULES,
        decide: ({ progress, ...rest }, policy, now) => {
          const duplicates = progress.duplicates?.filter(({ cancelRefused }) => !cancelRefused);
          return decide({ ...rest, progress: { ...progress, duplicates } }, policy, now);
        },
      },
      REBOOK,
    ],
    [
      'the request can be corrected although an order of it may exist',
      { ...RULES, isCorrectable: ({ state }) => state === 'needs_attention' },
    ],
    ['the machine carries out a decision although the row has changed', { ...RULES, isFenced: false }],
    [
      'the machine books again although a crash left an attempt reserved',
      {
        ...RULES,
        decide: (snapshot, policy, now) =>
          snapshot.progress.attempt?.outcome === 'reserved' ? { do: 'book' } : decide(snapshot, policy, now),
      },
    ],
    [
      'the machine books again at once after an unknown outcome',
      {
        ...RULES,
        decide: (snapshot, policy, now) =>
          snapshot.progress.attempt?.outcome === 'unknown' ? { do: 'abandon' } : decide(snapshot, policy, now),
      },
    ],
    [
      'the machine treats an attempt that a crash left reserved as refused',
      {
        ...RULES,
        decide: (snapshot, policy, now) =>
          snapshot.progress.attempt?.outcome === 'reserved' ? { do: 'abandon' } : decide(snapshot, policy, now),
      },
    ],
    [
      'the machine books again after a CANCELED that only a read has shown',
      {
        ...RULES,
        readAs: (snapshot, reading, ...rest) =>
          reading.status === 'CANCELED' ? rebooked(snapshot) : readAs(snapshot, reading, ...rest),
      },
    ],
  ];

  it.each(broken)('breaks an invariant if %s', (_, rules, base = HOLD) => {
    const { failed, errorInstance } = fc.check(property(rules, base), {
      numRuns: 5000,
      seed: 20261122,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
    expect(errorInstance).toBeInstanceOf(BrokenInvariant);
  });
});
