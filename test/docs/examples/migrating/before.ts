import { OrderPayloadBuilder, QuotationPayloadBuilder, type ClientModule } from '@lalamove/lalamove-js';

const FROM = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };
const TO = { coordinates: { lat: '22.308', lng: '113.9185' }, address: 'Hong Kong Airport' };

/** With `@lalamove/lalamove-js`. */
export async function quoteAndOrder(sdk: ClientModule): Promise<string> {
  const quotation = await sdk.Quotation.create(
    'HK',
    QuotationPayloadBuilder.quotationPayload()
      .withLanguage('en_HK')
      .withServiceType('MOTORCYCLE')
      .withStops([FROM, TO])
      .build(),
  );
  const [pickUp, dropOff] = quotation.stops;
  const order = await sdk.Order.create(
    'HK',
    OrderPayloadBuilder.orderPayload()
      .withQuotationID(quotation.id)
      .withSender({ stopId: pickUp?.id ?? '', name: 'Shop', phone: '+85221234567' })
      .withRecipients([{ stopId: dropOff?.id ?? '', name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' }])
      .withMetadata({ reference: 'A-1' })
      .build(),
  );
  return order.id;
}
