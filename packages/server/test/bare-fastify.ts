/** The peer of the HTTP benchmark: Fastify alone, which answers what it is told, with no caller, no limit, no contract, no database. Says its address. */
import { fastify } from "fastify";

const bodies = JSON.parse(process.argv[2] ?? "{}") as Record<string, unknown>;
const app = fastify();
for (const [path, body] of Object.entries(bodies)) app.get(path, async () => body);
app.post("/api/v1/devices", async (request, reply) => reply.code(201).send(request.body));
process.stdout.write(`${await app.listen({ host: "127.0.0.1", port: 0 })}\n`);
