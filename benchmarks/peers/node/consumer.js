// Each view of the queue into its row, one statement a view; acknowledged once it is written.
const amqp = require("amqplib");
const pg = require("pg");

const PREFETCH = 200;
const UPSERT = {
  name: "upsert",
  text: `INSERT INTO views (page, hour, views) VALUES ($1, date_trunc('hour', $2::timestamptz), 1)
         ON CONFLICT (page, hour) DO UPDATE SET views = views.views + 1`,
};

async function main() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
  const connection = await amqp.connect(process.env.RABBITMQ_URL);
  const channel = await connection.createChannel();
  await channel.assertQueue(process.env.QUEUE, { durable: true });
  await channel.prefetch(PREFETCH);
  await channel.consume(process.env.QUEUE, async (message) => {
    const { page, timestamp } = JSON.parse(message.content.toString());
    await pool.query({ ...UPSERT, values: [page, timestamp] });
    channel.ack(message);
  });
}

main();
