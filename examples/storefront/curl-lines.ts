import type { CreateQuotationDto } from 'nestjs-lalamove';
import type { BookDeliveryDto } from 'nestjs-lalamove/deliveries';

/** The route of the curl lines and of the demo: from Victoria Peak to the airport of Hong Kong. */
export const ROUTE: CreateQuotationDto = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [
    { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak, Hong Kong' },
    { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Hong Kong International Airport' },
  ],
};

/** The shop's order with a reference, for that route. */
export function shopOrder(reference: string): BookDeliveryDto {
  return {
    reference,
    quotation: ROUTE,
    sender: { name: 'Shop', phone: '+85221234567' },
    recipients: [{ name: 'Ada', phone: '+85251234567' }],
    metadata: { reference },
  };
}

/** Five shell commands: a quote, a booking, the same booking again, its status, its timeline. */
export function curlLines(url: string): string[] {
  const json = `-H 'content-type: application/json'`;
  const book = `curl -s ${url}/orders ${json} -d '${JSON.stringify(shopOrder('A-1'))}'`;
  return [
    `curl -s ${url}/quotes ${json} -d '${JSON.stringify(ROUTE)}'`,
    book,
    book,
    `curl -s ${url}/orders/A-1`,
    `curl -s ${url}/orders/A-1/timeline`,
  ];
}
