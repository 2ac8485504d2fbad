// The control: what Fastify alone does with the same bodies on the same machine. It validates them and serialises the
// answer by schema, and stores nothing. Prints its base URL as a line of JSON.
import fastify from 'fastify';

const event = {
  type: 'object',
  required: ['eventTemplateId', 'tokens'],
  properties: {
    eventTemplateId: { type: 'string' },
    id: { type: 'string' },
    objectId: { type: 'string' },
    email: { type: 'string' },
    utk: { type: 'string' },
    timestamp: { type: 'string' },
    tokens: { type: 'object', additionalProperties: { type: 'string' } },
    extraData: { type: 'object', additionalProperties: true },
    timelineIFrame: {
      type: 'object',
      required: ['linkLabel', 'headerLabel', 'url', 'width', 'height'],
      properties: {
        linkLabel: { type: 'string' },
        headerLabel: { type: 'string' },
        url: { type: 'string' },
        width: { type: 'integer' },
        height: { type: 'integer' },
      },
    },
  },
};

const app = fastify();
let last;
app.post('/event', { schema: { body: event, response: { 201: event } } }, async (request, reply) => {
  last = request.body;
  return reply.code(201).send(request.body);
});
app.get('/event', { schema: { response: { 200: event } } }, async () => last);

const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ baseUrl })}\n`);
process.on('SIGTERM', () => app.close());
