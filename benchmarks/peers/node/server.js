// Views into a classic queue: answered when they are handed to the client library, not confirmed.
const amqp = require("amqplib");
const fastify = require("fastify");

const schema = {
  body: {
    type: "object",
    required: ["page", "timestamp"],
    properties: { page: { type: "string" }, timestamp: { type: "string" } },
  },
};

async function main() {
  const connection = await amqp.connect(process.env.RABBITMQ_URL);
  const channel = await connection.createChannel();
  await channel.assertQueue(process.env.QUEUE, { durable: true });
  const app = fastify();
  app.post("/page-views/single", { schema }, async (request, reply) => {
    const { page, timestamp } = request.body;
    const view = Buffer.from(JSON.stringify({ page, timestamp }));
    channel.sendToQueue(process.env.QUEUE, view, { persistent: true });
    reply.code(202);
    return { accepted: 1 };
  });
  await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

main();
