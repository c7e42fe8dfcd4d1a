import { toE164 } from 'nestjs-lalamove';

/** In your app, this is what people have written. */
export function written(): string[] {
  const philippine = toE164('0917 123 4567', 'PH'); // '+639171234567'
  const foreign = toE164('+66 81 234 5678', 'PH'); // '+66812345678': a country code stays
  const wrong = toE164('12', 'PH'); // '12': unchanged, so that the validation refuses it with its pointer
  return [philippine, foreign, wrong];
}
