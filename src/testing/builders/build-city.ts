import type { City } from '../../api/answers/city.js';

/**
 * A city as `getCities` lists it: Hong Kong, with one service.
 *
 * @param members replace those of the example
 */
export function buildCity(members: Partial<City> = {}): City {
  return {
    locode: 'HK HKG',
    name: 'Hong Kong',
    services: [
      {
        key: 'MOTORCYCLE',
        description: 'Courier',
        load: { value: '20', unit: 'kg' },
        specialRequests: [{ name: 'THERMAL_BAG_1', description: 'Thermal bag' }],
      },
    ],
    ...members,
  };
}
