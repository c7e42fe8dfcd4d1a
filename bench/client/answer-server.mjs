// A process of its own that gives every request the same order: 200 to a GET, 201 to a POST. Asked, it tells how many connections were made to it.
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
// While one contender runs, the connections of the others wait; a minute of that must not close them.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1');
await once(server, 'listening');

answering(() => ({ port: server.address().port, connections }));
