/** A server with the oldest of holes, to see that an attacker who finds none elsewhere would have found one. Says its address. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(":memory:");
database.exec("create table device (name text); insert into device values ('lyon-edge-1'), ('oslo-edge-1')");

const server = createServer((request, answer) => {
  const name = new URL(request.url ?? "/", "http://localhost").searchParams.get("q") ?? "";
  try {
    answer.end(JSON.stringify({ items: database.prepare(`select name from device where name like '%${name}%'`).all() }));
  } catch {
    answer.writeHead(400).end("{}");
  }
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`));
