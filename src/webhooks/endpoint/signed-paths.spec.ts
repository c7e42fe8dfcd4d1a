import { describe, expect, it } from '@jest/globals';
import { SignedPaths, rooted } from './signed-paths.js';

describe('SignedPaths', () => {
  it('are the path of the mounted endpoint, with and without a trailing slash', () => {
    const paths = new SignedPaths(undefined);
    expect(paths.all()).toEqual([]);
    paths.mountedAt('/api/hooks');
    expect(paths.all()).toEqual(['/api/hooks', '/api/hooks/']);
  });

  it('start with the paths of the registered URLs, the latest first, with and without query', () => {
    const paths = new SignedPaths(undefined);
    paths.mountedAt('/hooks');
    paths.learn('https://shop.example/a');
    paths.learn('https://shop.example/b?shop=1');
    paths.learn('https://shop.example/a');
    paths.learn('no URL');
    expect(paths.all()).toEqual(['/a', '/b?shop=1', '/b', '/hooks', '/hooks/']);
  });

  it('are limited in number', () => {
    const paths = new SignedPaths(undefined);
    for (let index = 0; index < 100; index += 1) paths.learn(`https://shop.example/${index}`);
    expect(paths.all()).toEqual(['/99', '/98', '/97', '/96', '/95', '/94', '/93', '/92']);
  });

  it('are publicPath alone if it is set', () => {
    const paths = new SignedPaths('public/hooks');
    paths.mountedAt('/hooks');
    paths.learn('https://shop.example/other');
    expect(paths.all()).toEqual(['/public/hooks']);
  });
});

describe('rooted', () => {
  it('adds a leading slash', () => {
    expect([rooted('a/b'), rooted('/a/b')]).toEqual(['/a/b', '/a/b']);
  });
});
