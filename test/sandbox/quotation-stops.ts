/** Degrees of latitude. */
export const METRE = 180 / (Math.PI * 6_371_000);

export const HONG_KONG = { lat: 22.3193, lng: 114.1694 };

/** A stop this many metres north of a place. */
export const north = ({ lat, lng }: { lat: number; lng: number }, metres: number): object => ({
  coordinates: { lat: (lat + metres * METRE).toFixed(7), lng: lng.toFixed(7) },
  address: `${metres} m north`,
});

/** A stop this many hundredths of a degree east of the middle of Hong Kong. */
export const east = (steps: number): object => ({
  coordinates: { lat: '22.3193', lng: (HONG_KONG.lng + steps / 100).toFixed(7) },
  address: `${steps} steps east`,
});

export const stops = (count: number): object[] => Array.from({ length: count }, (_, index) => east(index));
