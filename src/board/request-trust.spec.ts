import { describe, expect, it } from '@jest/globals';
import { foreignActionProblem } from './request-trust.js';

const FROM_PAGE = {
  'content-type': 'application/json; charset=utf-8',
  'x-lalamove-board': '1',
  host: 'a.example:8080',
};

describe('foreignActionProblem', () => {
  it.each([
    [{ ...FROM_PAGE, 'sec-fetch-site': 'same-origin' }, true],
    [{ ...FROM_PAGE, origin: 'http://a.example:8080' }, true],
    [{ ...FROM_PAGE, origin: 'https://A.example:8080' }, true],
    [{ ...FROM_PAGE, origin: 'https://proxy.example' }, true],
    [{ ...FROM_PAGE, origin: 'http://a.example' }, false],
    [{ ...FROM_PAGE, origin: 'null' }, false],
    [{ ...FROM_PAGE, origin: 'file://a.example:8080' }, false],
    [{ ...FROM_PAGE, 'content-type': 'application/jsonx', 'sec-fetch-site': 'same-origin' }, false],
    [{ ...FROM_PAGE, 'sec-fetch-site': '' }, false],
    [{ 'sec-fetch-site': 'same-origin' }, false],
  ])('%j', (headers, isAllowed) => {
    expect(foreignActionProblem(headers, ['https://proxy.example']) === undefined).toBe(isAllowed);
  });
});
