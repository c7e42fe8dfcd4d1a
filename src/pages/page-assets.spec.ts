import { expect, it, jest } from '@jest/globals';
import { PageAssets, type PageAsset } from './page-assets.js';

it('reads the files of a page once, and again after that has failed', async () => {
  const asset: PageAsset = { type: 'text/css', etag: '"1"', body: Buffer.from('p {}') };
  const read = jest
    .fn<() => Promise<ReadonlyMap<string, PageAsset>>>()
    .mockRejectedValueOnce(new Error('EMFILE: too many open files'))
    .mockResolvedValue(new Map([['app.css', asset]]));
  const assets = new PageAssets('board', read);
  await expect(assets.get('app.css')).rejects.toThrow('EMFILE');
  expect(await Promise.all([assets.get('app.css'), assets.get('none.css')])).toEqual([asset, undefined]);
  expect(read).toHaveBeenCalledTimes(2);
});
