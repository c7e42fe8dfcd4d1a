/** In place of `@fastify/static`, whose ES modules Jest cannot `require` on Node 20; Mercurius wants it for GraphiQL's files alone. */
module.exports = async () => undefined;
