import { crc32, deflateSync } from 'node:zlib';

/** The path prefix of the pictures that prove a pick-up or a delivery. */
export const PROOFS_PATH = '/proofs/';

const WIDTH = 320;
const HEIGHT = 240;

type Color = readonly [red: number, green: number, blue: number];
type Box = readonly [left: number, top: number, right: number, bottom: number, color: Color];

/** The file name of the picture of a stop. */
export function proofFile(orderId: string, stop: number): string {
  return `${orderId}-${stop}.png`;
}

/** A PNG picture (RFC 2083). The same name has the same picture. */
export function proofPicture(name: string): Buffer {
  const boxes = scene(crc32(name));
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  for (let y = 0; y < HEIGHT; y += 1) {
    // Each row begins with its filter, 0: none.
    let at = y * (1 + WIDTH * 3) + 1;
    for (let x = 0; x < WIDTH; x += 1) {
      for (const value of colorAt(boxes, x, y)) {
        rows[at] = value;
        at += 1;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // 8 bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const body = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...body]);
}

/** A wall, a floor, a door with a knob, and a parcel with its tape and label. The last box is on top. */
function scene(seed: number): readonly Box[] {
  const left = 150 + (seed % 60);
  const door: Color = [70 + (seed % 90), 80 + ((seed >> 7) % 80), 90 + ((seed >> 14) % 90)];
  return [
    [0, 0, WIDTH, 185, [214, 206, 194]],
    [0, 185, WIDTH, HEIGHT, [146, 134, 120]],
    [50, 22, 150, 185, [240, 236, 228]],
    [58, 30, 142, 185, door],
    [128, 108, 135, 116, [226, 186, 92]],
    [left - 6, 206, left + 96, 214, [120, 109, 97]],
    [left, 138, left + 90, 210, [190, 140, 88]],
    [left + 38, 138, left + 52, 210, [221, 187, 140]],
    [left + 8, 150, left + 30, 166, [247, 245, 240]],
  ];
}

function colorAt(boxes: readonly Box[], x: number, y: number): Color {
  const box = boxes.findLast(([left, top, right, bottom]) => x >= left && x < right && y >= top && y < bottom);
  return box?.[4] ?? [0, 0, 0];
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(8 + named.length);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), 4 + named.length);
  return framed;
}
