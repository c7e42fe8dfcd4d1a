import type { CityService, Measure, SpecialRequest } from '../../api/answers/city.js';

/** A service type: its description in `GET /v3/cities`, and its price. */
export interface Service {
  readonly shown: CityService;
  /** The price as a multiple of a motorcycle's price. */
  readonly rate: number;
}

const measure = (unit: string, value: number): Measure => ({ value: value.toFixed(unit === 'm' ? 2 : 0), unit });

function special(name: string, description: string, parent_type?: string, max_selection?: number): SpecialRequest {
  return { name, description, ...(parent_type && { parent_type }), ...(max_selection && { max_selection }) };
}

const SPECIALS = {
  bag: [
    special('THERMAL_BAG_1', 'Insulated bag', 'THERMAL_BAG', 1),
    special('THERMAL_BAG_2', 'Two insulated bags', 'THERMAL_BAG', 1),
  ],
  cash: [special('CASH_ON_DELIVERY', 'The driver collects cash')],
  help: [
    special('DOOR_TO_DOOR_1DRIVER', 'Door to door, by the driver', 'DOOR_TO_DOOR', 1),
    special('DOOR_TO_DOOR_1DRIVER1HELPER', 'Door to door, by the driver and a helper', 'DOOR_TO_DOOR', 1),
  ],
  toll: [
    special('TOLL_FEE_10', 'Toll fee', 'TOLL_FEE', 1),
    special('TOLL_FEE_20', 'Toll fee, two roads', 'TOLL_FEE', 1),
  ],
  truck: [
    special('TAILBOARD', 'Tailboard'),
    { ...special('NIGHT_LOADING', 'Loading at night'), effective_time: '20:00', offline_time: '06:00' },
  ],
};

const PARCELS = {
  weight: ['LESS_THAN_3_KG', '3_TO_10_KG', '10_TO_20_KG'],
  categories: ['FOOD_DELIVERY', 'DOCUMENTS', 'CLOTHING', 'ELECTRONICS', 'FRAGILE', 'OTHERS'],
  handlingInstructions: ['KEEP_UPRIGHT', 'HANDLE_WITH_CARE', 'KEEP_DRY'],
};
const CARGO = {
  weight: ['LESS_THAN_100_KG', '100_TO_500_KG', 'MORE_THAN_500_KG'],
  categories: ['FURNITURE', 'HOUSEHOLD', 'CONSTRUCTION', 'ELECTRONICS', 'FOOD_DELIVERY', 'OTHERS'],
  handlingInstructions: ['KEEP_UPRIGHT', 'HANDLE_WITH_CARE', 'DO_NOT_STACK'],
};

function service(
  key: string,
  description: string,
  rate: number,
  [length, width, height]: readonly [number, number, number],
  loadKg: number,
  specialRequests: SpecialRequest[],
): [string, Service] {
  const dimensions = { length: measure('m', length), width: measure('m', width), height: measure('m', height) };
  const deliveryItemSpecification = loadKg < 100 ? PARCELS : CARGO;
  const load = measure('kg', loadKg);
  return [key, { rate, shown: { key, description, dimensions, load, specialRequests, deliveryItemSpecification } }];
}

const SERVICES: ReadonlyMap<string, Service> = new Map([
  service('WALKER', 'Small parcels, on foot.', 0.8, [0.3, 0.3, 0.3], 8, []),
  service('MOTORCYCLE', 'Documents and small parcels.', 1, [0.5, 0.4, 0.5], 20, [...SPECIALS.bag, ...SPECIALS.cash]),
  service('LALAGO', 'Small parcels, by motorcycle.', 1, [0.4, 0.4, 0.35], 20, [...SPECIALS.bag, ...SPECIALS.cash]),
  service('LALAPRO', 'Small parcels, by an experienced motorcyclist.', 1.2, [0.4, 0.4, 0.35], 20, [
    ...SPECIALS.bag,
    ...SPECIALS.cash,
  ]),
  service('CAR', 'Boxes and fragile goods.', 1.6, [0.7, 0.5, 0.5], 50, [...SPECIALS.help, ...SPECIALS.toll]),
  service('SEDAN', 'Boxes and fragile goods.', 1.6, [0.7, 0.5, 0.5], 80, [...SPECIALS.help, ...SPECIALS.toll]),
  service('4X4', 'Goods that want an open bed.', 2.2, [1.2, 0.9, 0.9], 250, [...SPECIALS.help, ...SPECIALS.toll]),
  service('UV_FIORINO', 'A small utility vehicle.', 2.1, [1.4, 1.1, 1], 500, [...SPECIALS.help]),
  service('MINIVAN', 'Small furniture.', 2.1, [1.5, 1, 0.9], 300, [...SPECIALS.help, ...SPECIALS.toll]),
  service('VAN', 'Furniture and bulk goods.', 2.8, [2, 1.2, 1.2], 600, [...SPECIALS.help, ...SPECIALS.toll]),
  service('LORRY_10FT', 'A lorry of 10 feet.', 3.6, [2.9, 1.4, 1.7], 1000, [
    ...SPECIALS.help,
    ...SPECIALS.toll,
    ...SPECIALS.truck,
  ]),
  service('TRUCK175', 'A light truck.', 3.6, [2.4, 1.6, 1.6], 1000, [
    ...SPECIALS.help,
    ...SPECIALS.toll,
    ...SPECIALS.truck,
  ]),
  service('TRUCK330', 'A medium truck.', 4.8, [3.1, 1.6, 1.7], 1500, [
    ...SPECIALS.help,
    ...SPECIALS.toll,
    ...SPECIALS.truck,
  ]),
  service('TRUCK550', 'A large truck.', 7, [4.9, 1.9, 1.9], 3000, [
    ...SPECIALS.help,
    ...SPECIALS.toll,
    ...SPECIALS.truck,
  ]),
]);

const WAITING = special('WAITING_TIME_030MIN', 'Waiting time of up to 30 minutes', 'WAITING_TIME', 1);
const RETURN = special('RETURN', 'The way back');

/** Special requests that only one market offers, by service. */
const LOCAL_REQUESTS: Readonly<Record<string, Readonly<Record<string, readonly SpecialRequest[]>>>> = {
  BR: {
    LALAGO: [WAITING, RETURN],
    LALAPRO: [WAITING, RETURN],
    CAR: [WAITING, RETURN],
    UV_FIORINO: [WAITING],
    VAN: [WAITING],
    TRUCK330: [WAITING],
  },
  HK: { MOTORCYCLE: SPECIALS.toll },
  TW: {
    MOTORCYCLE: [special('FOOD_AND_BEVERAGE', 'Food and beverages')],
    SEDAN: [special('FOOD_AND_BEVERAGE', 'Food and beverages')],
  },
};

/** Markets in which every service accepts an `item`. In BR some services do, elsewhere none (observed). */
const ITEM_MARKETS: ReadonlySet<string> = new Set(['HK', 'TH', 'VN']);
const ITEM_SERVICES_BR: ReadonlySet<string> = new Set(['UV_FIORINO', 'VAN', 'TRUCK330']);

/** The services of a market, as `GET /v3/cities` returns them. */
export function servicesOf(market: string, keys: readonly string[]): CityService[] {
  return keys.flatMap((key) => {
    const shown = SERVICES.get(key)?.shown;
    if (!shown) return [];
    const takesItem = ITEM_MARKETS.has(market) || (market === 'BR' && ITEM_SERVICES_BR.has(key));
    const specialRequests = [...(LOCAL_REQUESTS[market]?.[key] ?? []), ...(shown.specialRequests ?? [])];
    return { ...shown, specialRequests, ...(!takesItem && { deliveryItemSpecification: {} }) };
  });
}

/** Finds a service type among those that are offered. */
export function serviceOf(services: readonly CityService[], key: string): Service | undefined {
  const shown = services.find((each) => each.key === key);
  return shown && { shown, rate: SERVICES.get(key)?.rate ?? rateOf(shown) };
}

/** The price of an unknown service. It grows with the maximum load. */
function rateOf({ load }: CityService): number {
  const kg = Number(load?.value ?? '');
  return kg > 0 ? Math.round((1 + kg / 400) * 10) / 10 : 2;
}
