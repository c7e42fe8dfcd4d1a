import { expect, it } from '@jest/globals';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { startBoard, PATH } from '../board/board-host.js';
import { startTracking, TRACKING } from '../tracking/tracking-host.js';

it.each([
  ['the board', startBoard, PATH],
  ['the tracking page', startTracking, TRACKING.path],
])('a document has no routes of %s', async (_, start, path) => {
  const host = await start();
  const { paths } = SwaggerModule.createDocument(host.app, new DocumentBuilder().build());
  await host.stop();
  expect(Object.keys(paths).filter((each) => each.startsWith(`/${path}`))).toEqual([]);
});
