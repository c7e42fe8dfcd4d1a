import { describe, expect, it } from '@jest/globals';
import { sign } from './signature.js';

// Computed with: printf 'TIMESTAMP\r\nMETHOD\r\nPATH\r\n\r\nBODY' | openssl dgst -sha256 -hmac sk_test_vector
const VECTORS = [
  {
    what: 'a body',
    parts: {
      timestamp: '1545880607433',
      method: 'POST',
      path: '/v3/quotations',
      body: '{"data":{"serviceType":"MOTORCYCLE"}}',
    },
    signature: '55ac5a49b54071768fa752262bfb650ce924327236260ad631e0ac6bcdb2f188',
  },
  {
    what: 'no body: the blank line stays',
    parts: { timestamp: '1646834246454', method: 'GET', path: '/v3/orders/194170101280', body: '' },
    signature: 'cf6ced8c4a026c04af529fda65b28cb3182d5b8bc6b591521637ff485057feb6',
  },
  {
    what: 'the UTF-8 bytes of a body',
    parts: {
      timestamp: '1655319070446',
      method: 'POST',
      path: '/v3/quotations',
      body: '{"data":{"address":"São Paulo 🛵"}}',
    },
    signature: '8a91741bcdf8c1baebf22021f6b3e4d438c659a711737814f950847d2fb14d8e',
  },
];

describe('sign', () => {
  it.each(VECTORS)('signs $what', ({ parts, signature }) => {
    expect(sign('sk_test_vector', parts)).toBe(signature);
  });
});
