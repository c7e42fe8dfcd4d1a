import type {
  CreateQuotationDto,
  EditOrderDto,
  LalamoveService,
  Order,
  PlaceOrderDto,
  Quotation,
} from 'nestjs-lalamove';

/** A route through Hong Kong. */
export const QUOTATION: CreateQuotationDto = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [
    { coordinates: { lat: 22.2759, lng: 114.1455 }, address: 'Victoria Peak' },
    { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Airport' },
  ],
};

/** An order for any quotation, for calls that are expected to fail. */
export const ORDER: PlaceOrderDto = {
  quotationId: '3394517965935702476',
  sender: { stopId: '1', name: 'Shop', phone: '+85221234567' },
  recipients: [{ stopId: '2', name: 'Ada', phone: '+85251234567' }],
  metadata: { reference: 'A-1' },
};

/** An edit that passes all checks. */
export const EDIT: EditOrderDto = {
  stops: [
    { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak', name: 'Shop', phone: '+85221234567' },
    { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Airport', name: 'Ada', phone: '+85251234567' },
  ],
};

/** The order of a quotation. */
export function orderOf({ quotationId, stops }: Quotation): PlaceOrderDto {
  const [from, ...to] = stops.map(({ stopId }) => stopId);
  return {
    ...ORDER,
    quotationId,
    sender: { ...ORDER.sender, stopId: from ?? '' },
    recipients: to.map((stopId) => ({ stopId, name: 'Ada', phone: '+85251234567' })),
  };
}

/** Creates a quotation and places the order. */
export async function booked(lalamove: LalamoveService): Promise<Order> {
  return lalamove.placeOrder(orderOf(await lalamove.createQuotation(QUOTATION)));
}

/** Every call of the service, by its name, with an input that passes the local validation. */
export const CALLS: Record<string, (lalamove: LalamoveService) => Promise<unknown>> = {
  createQuotation: (lalamove) => lalamove.createQuotation(QUOTATION),
  getQuotation: (lalamove) => lalamove.getQuotation('1'),
  placeOrder: (lalamove) => lalamove.placeOrder(ORDER),
  getOrder: (lalamove) => lalamove.getOrder('1'),
  editOrder: (lalamove) => lalamove.editOrder('1', EDIT),
  cancelOrder: (lalamove) => lalamove.cancelOrder('1'),
  addPriorityFee: (lalamove) => lalamove.addPriorityFee('1', { priorityFee: '20' }),
  getDriver: (lalamove) => lalamove.getDriver('1', '2'),
  changeDriver: (lalamove) => lalamove.changeDriver('1', '2', { reason: 'DRIVER_LATE' }),
  getCities: (lalamove) => lalamove.getCities(),
  setWebhookUrl: (lalamove) => lalamove.setWebhookUrl('https://shop.example/webhooks/lalamove'),
};

/** The calls that are never repeated if their outcome is unknown. */
export const SPENDING = ['placeOrder', 'editOrder', 'addPriorityFee', 'changeDriver'];
