// A fastify server that reads a body and answers, and does nothing with it. Tells its port to its parent.

import fastify from 'fastify';

const app = fastify();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/v1/logs', (_request, reply) => reply.code(202).send({ status: 'buffered', rows: 1, batches: 1 }));
const address = await app.listen({ port: 0, host: '127.0.0.1' });
process.on('disconnect', () => process.exit(0));
process.send!(Number(new URL(address).port));
