import type { LalamoveService } from 'nestjs-lalamove';

const FROM = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };
const TO = { coordinates: { lat: '22.308', lng: '113.9185' }, address: 'Hong Kong Airport' };

/** With `nestjs-lalamove`. */
export async function quoteAndOrder(lalamove: LalamoveService): Promise<string> {
  const quotation = await lalamove.createQuotation({
    language: 'en_HK',
    serviceType: 'MOTORCYCLE',
    stops: [FROM, TO],
  });
  const [pickUp, dropOff] = quotation.stops;
  const order = await lalamove.placeOrder({
    quotationId: quotation.quotationId,
    sender: { stopId: pickUp.stopId, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: dropOff.stopId, name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' }],
    metadata: { reference: 'A-1' },
  });
  return order.orderId;
}
