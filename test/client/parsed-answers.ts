import type { HttpService } from '@nestjs/axios';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

/** Adds an interceptor that parses every answer before the client reads it, as a host can do. */
export function parseAnswers({ axiosRef }: HttpService, parse: (text: string) => unknown = JSON.parse): void {
  axiosRef.interceptors.response.use(async (response) => {
    const stream: unknown = response.data;
    return { ...response, data: parse(await text(stream as Readable)) };
  });
}
