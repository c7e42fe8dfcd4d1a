// A separate process that answers every request with the same order: 200 to a GET, 201 to a POST. On request it reports
// how many connections were made to it.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { answering } from './processes.mjs';
import { ANSWER_BODY, answerHeaders } from './samples.mjs';

const body = Buffer.from(ANSWER_BODY);
let connections = 0;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(request.method === 'GET' ? 200 : 201, answerHeaders()).end(body);
  });
});
server.on('connection', () => (connections += 1));
// The connections of a contender wait while others run: a minute of waiting must not close them.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1');
await once(server, 'listening');

answering(() => ({ port: server.address().port, connections }));
