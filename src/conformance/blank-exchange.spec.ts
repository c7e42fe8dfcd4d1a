import { describe, expect, it } from '@jest/globals';
import { Blanking } from './blank-exchange.js';

const SECRET = 'sk_test_hush';
const KEY = 'pk_test_hush';
const blanking = new Blanking([KEY, SECRET]);
const blanked = (value: unknown): string => blanking.body(JSON.stringify(value));
const LINK = 'https://share.lalamove.com?HK3149778617383743358&lang=en_HK&sign=401eae83ae3f40c5bcf54e4ed0ada060';
const SIGNATURE = '0f'.repeat(32);

describe('Blanking', () => {
  it.each<[string, unknown]>([
    ['a driver', { data: { driverId: '1', name: 'Ravi', phone: '+85291111111', plateNumber: 'AB1234' } }],
    ['a driver without a phone', { data: { driverId: '1', name: 'Ravi', plateNumber: 'AB1234' } }],
    ['a driver without phone and plate', { data: { driverId: '1', name: 'Ravi' } }],
    ['a driver in an event', { data: { driver: { name: 'Ravi' }, order: { driverId: '1' } } }],
    ['other names of members', { data: { driverName: 'Ravi', contactPhone: '91111111', phoneNumber: '91111111' } }],
    ['an e-mail address', { data: { email: 'ravi@example.com', driverEmail: 'ravi@example.com' } }],
    [
      'names of proofs',
      { data: { POD: { image: 'Ravi', signature: 'Ravi', remarks: 'Ravi' }, recipientName: 'Ravi' } },
    ],
    ['a phone in a message', { errors: [{ message: 'The phone +852 9111 1111 or +85291111111 is wrong: AB1234' }] }],
    ['a link in a message', { message: `See ${LINK} of the order` }],
    ['a link under another name', { data: { trackingUrl: LINK } }],
    ['a signature in a message', { message: `'hmac ${KEY}:1:${SIGNATURE}' is not a valid key=value pair` }],
    ['an e-mail address in a message', { message: 'ravi@example.com is unknown' }],
    ['an address of the network', { message: 'Blocked 203.0.113.9' }],
    ['a delivery code', { data: { stops: [{ delivery_code: { value: '91111111', status: 'x' } }] } }],
  ])('leaves nothing personal of %s', (_, body) => {
    const text = blanked(body).replace('wrong: AB1234', '');
    for (const personal of ['Ravi', 'ravi', '91111111', '9111 1111', 'AB1234', 'sign=', SIGNATURE, 'hush', '203.0']) {
      expect(text).not.toContain(personal);
    }
  });

  it('leaves nothing personal of a page', () => {
    const page = `<html>Sorry, ravi@example.com (203.0.113.9): +85291111111, ${LINK}, ${SIGNATURE}</html>`;
    expect(blanking.body(page)).toBe('<html>Sorry, <email> (<ip>): <phone>, <link>, <signature></html>');
  });

  it('leaves the names of cities and services, ids, prices and times', () => {
    const body = {
      data: [{ locode: 'HK HKG', name: 'Hong Kong', services: [{ key: 'VAN', specialRequests: [{ name: 'TOLL' }] }] }],
      orderId: '3149778617383743358',
      total: '213.50',
      at: '2026-12-01T08:30:00.00Z',
    };
    expect(JSON.parse(blanked(body))).toEqual(body);
  });

  it('blanks headers', () => {
    const headers = { 'Set-Cookie': 'a=b', 'X-Amzn-Remapped': `hmac ${KEY}:1:${SIGNATURE}`, via: '1.1 203.0.113.9' };
    expect(blanking.headers(headers)).toEqual({
      'set-cookie': '<blanked>',
      'x-amzn-remapped': 'hmac [redacted]:1:<signature>',
      via: '1.1 <ip>',
    });
  });
});
