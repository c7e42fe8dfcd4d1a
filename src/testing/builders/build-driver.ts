import type { Driver } from '../../api/answers/driver.js';

/** The id of built drivers. */
export const BUILT_DRIVER_ID = '80557';

/**
 * A driver as `getDriver` returns it.
 *
 * @param members replace those of the example
 */
export function buildDriver(members: Partial<Driver> = {}): Driver {
  return {
    driverId: BUILT_DRIVER_ID,
    name: 'Chan Tai Man',
    phone: '+85260001234',
    plateNumber: '**3456*',
    photo: '',
    coordinates: { lat: '22.2819', lng: '114.1556', updatedAt: new Date().toISOString() },
    ...members,
  };
}
