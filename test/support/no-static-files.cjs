/** Replaces `@fastify/static`, which Jest cannot `require` on Node 20. Mercurius needs it only for GraphiQL's files. */
module.exports = async () => undefined;
