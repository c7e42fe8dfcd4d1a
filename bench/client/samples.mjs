// Requests and answers, the same for all contenders.
import { Buffer } from 'node:buffer';

export const CREDENTIALS = {
  apiKey: 'pk_test_5f0c1b7e2a9d4836bb51e07c94d2a6f8',
  apiSecret: 'sk_test_b3aV9xQ2mT7nL0pR5sW8yZ1cD4fG6hJ2kN9qB7vX3tM5uE8iO1aS4dF6gH0jK2lP',
  market: 'HK',
};

export const ORDER_ID = '1971050128063414342';

const METADATA = { reference: 'A-20117', shop: 'Central 3' };

/** The body of `POST /v3/orders`: two recipients and metadata. */
export const ORDER = {
  quotationId: '1537145716382834747',
  sender: { stopId: '1537145717607571512', name: 'Peak Flowers', phone: '+85221234567' },
  recipients: [
    { stopId: '1537145717607571513', name: 'Ada Wong', phone: '+85251234567', remarks: 'Ring twice, 3rd floor' },
    { stopId: '1537145717607571514', name: 'Chan Tai Man', phone: '+85261234567', remarks: 'Leave it with 管理處' },
  ],
  isPODEnabled: true,
  metadata: METADATA,
};

const ANSWER = {
  orderId: ORDER_ID,
  quotationId: ORDER.quotationId,
  priceBreakdown: {
    base: '65',
    extraMileage: '48',
    multiStopSurcharge: '20',
    totalExcludePriorityFee: '133',
    total: '133',
    currency: 'HKD',
  },
  driverId: '',
  shareLink:
    'https://share.sandbox.lalamove.com?HK100261201080011451210010081432685&lang=en_HK&sign=07ba0765213299dd4248d5c030182eb6&source=api_wrapper',
  status: 'ASSIGNING_DRIVER',
  distance: { value: '31207', unit: 'm' },
  stops: [
    {
      coordinates: { lat: '22.2759', lng: '114.1455' },
      address: '118 Peak Road, The Peak',
      name: 'Peak Flowers',
      phone: ' 85221234567',
    },
    {
      coordinates: { lat: '22.2819', lng: '114.1582' },
      address: '8 Finance Street, Central 中環金融街',
      name: 'Ada Wong',
      phone: ' 85251234567',
      POD: { status: 'PENDING' },
    },
    {
      coordinates: { lat: '22.3080', lng: '113.9185' },
      address: '1 Sky Plaza Road, Chek Lap Kok',
      name: 'Chan Tai Man',
      phone: ' 85261234567',
      POD: { status: 'PENDING' },
    },
  ],
  metadata: METADATA,
};

/** In Lalamove's form: non-ASCII text is not escaped, and a newline ends the body. */
export const ANSWER_BODY = `${JSON.stringify({ data: ANSWER })}\n`;

/**
 * The headers of every answer, except those that Node's server adds. The remaining limit is high, so that no limiter
 * delays a call.
 */
export const answerHeaders = () => ({
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Length': String(Buffer.byteLength(ANSWER_BODY)),
  'Access-Control-Allow-Origin': '*',
  'Api-Version': '3.0.0',
  'Ratelimit-Limit': '1000000',
  'Ratelimit-Remaining': '999999',
  'Ratelimit-Reset': String(Math.ceil(Date.now() / 1000) + 1),
  'Request-Id': '10df19fc-9282-42f3-b766-19738168a387',
  Vary: 'Origin',
  'Access-Control-Expose-Headers': 'x-llm-location,cache-control,authorization,content-type',
  'X-Kong-Upstream-Latency': '219',
  'X-Kong-Proxy-Latency': '0',
  Via: 'kong/2.1.3',
});

/** Refusals in Lalamove's form. */
export const REFUSALS = {
  'v3 422 with two errors': {
    status: 422,
    headers: { date: 'Tue, 01 Dec 2026 08:00:00 GMT', 'request-id': 'e7ba6aae-21b3-4362-b53f-9d657e928c4c' },
    body: `${JSON.stringify({
      errors: [
        { id: 'ERR_MISSING_FIELD', message: 'Missing field', detail: '/data/recipients/0/phone' },
        { id: 'ERR_INVALID_FIELD', message: 'Invalid field', detail: '/data/sender/stopId' },
      ],
    })}\n`,
  },
  'HTML 502': {
    status: 502,
    headers: { date: 'Tue, 01 Dec 2026 08:00:00 GMT', 'content-type': 'text/html' },
    body:
      '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>' +
      '\r\n<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n',
  },
};

export const WEBHOOK_PATH = '/webhooks/lalamove';

/** A webhook event of about 1 KB: its type and its `data`. */
export const WEBHOOKS = {
  ORDER_STATUS_CHANGED: {
    order: {
      orderId: ORDER_ID,
      status: 'ON_GOING',
      previousStatus: 'ASSIGNING_DRIVER',
      market: 'HK_HKG',
      driverId: '80557',
      shareLink: ANSWER.shareLink,
      createdAt: '2026-12-01T08:00:00.00Z',
      scheduleAt: '2026-12-01T08:30:00.00Z',
      metadata: METADATA,
      stops: ANSWER.stops.slice(0, 2),
    },
    updatedAt: '2026-12-01T16:12.00Z',
  },
  ORDER_EDITED: {
    order: { orderId: ORDER_ID, status: 'ON_GOING', stops: ANSWER.stops.slice(0, 2) },
    previousData: { stops: [ANSWER.stops[0], ANSWER.stops[2]] },
    editParty: 'USER',
    editReason: 'Another recipient',
    updatedAt: '2026-12-01T16:12.00Z',
  },
};
