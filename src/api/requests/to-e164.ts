import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';

/**
 * A phone number in E.164 form, as Lalamove takes it: `toE164('0917 123 4567', 'PH')` is `'+639171234567'`. A number
 * with a country code keeps it, in whatever market it is. Never throws.
 *
 * @param phone as a person writes it, with or without country code
 * @param market the two letters of the market in which a number without country code is dialled
 * @returns the text unchanged if it is no possible number of the market: the validation of the DTOs then refuses it,
 * with its pointer
 */
export function toE164(phone: string, market: string): string {
  const country = typeof market === 'string' ? market.toUpperCase() : '';
  if (typeof phone !== 'string' || !isSupportedCountry(country)) return phone;
  const number = parsePhoneNumberFromString(phone, { defaultCountry: country, extract: false });
  return number?.isPossible() && number.ext === undefined ? number.number : phone;
}
