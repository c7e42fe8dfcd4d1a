import type { CreateQuotationDto } from 'nestjs-lalamove';

/** From the Peak to the airport, in Hong Kong: what the curl lines and the demo ask for. */
export const ROUTE: CreateQuotationDto = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [
    { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak, Hong Kong' },
    { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Hong Kong International Airport' },
  ],
};

/** Four lines for a shell: quote, order, status, what webhooks have told. Each uses what the one before has answered. */
export function curlLines(url: string): string[] {
  const json = `-H 'content-type: application/json'`;
  const order = `const { quotationId, stops: [from, to] } = JSON.parse(process.argv[1]); JSON.stringify({ quotationId, sender: { stopId: from.stopId, name: "Shop", phone: "+85221234567" }, recipients: [{ stopId: to.stopId, name: "Ada", phone: "+85251234567" }] })`;
  return [
    `QUOTE=$(curl -s ${url}/quotes ${json} -d '${JSON.stringify(ROUTE)}'); echo "$QUOTE"`,
    `ORDER=$(curl -s ${url}/orders ${json} -d "$(node -p '${order}' "$QUOTE")"); echo "$ORDER"`,
    `curl -s ${url}/orders/$(node -p 'JSON.parse(process.argv[1]).orderId' "$ORDER")`,
    `curl -s ${url}/orders/$(node -p 'JSON.parse(process.argv[1]).orderId' "$ORDER")/tracking`,
  ];
}
