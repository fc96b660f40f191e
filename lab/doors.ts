/**
 * The way in. Routers are managed in a namespace that the host has no interface in; a listening socket made on the host's
 * loopback and served by a process in that namespace leads there, so that Holdfast runs on the host and the host's network stays as it is.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { Door } from "./intent.ts";

interface Opened {
  address: string;
}

/** A door on 127.0.0.1 for each router; they stay open until the namespace's processes are ended. */
export async function openDoors(namespace: string, routers: readonly { name: string; management: string }[]): Promise<Map<string, Door>> {
  const keeper = fork(fileURLToPath(import.meta.url), ["keep"], {
    execPath: "/usr/bin/nsenter",
    execArgv: [`--net=/run/netns/${namespace}`, process.execPath],
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const doors = new Map<string, Door>();
  for (const { name, management } of routers) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    doors.set(name, { address: "127.0.0.1", port: (server.address() as AddressInfo).port });
    const taken = once(keeper, "message");
    keeper.send({ address: management } satisfies Opened, server);
    await taken;
    server.close();
  }
  keeper.disconnect();
  keeper.unref();
  return doors;
}

/** The other side: takes listening sockets and leads each connection on, both ways, until either end closes it. */
function keep(): void {
  process.on("message", (opened: Opened, server: Server) => {
    server.on("connection", (inward: Socket) => leadOn(inward, opened.address));
    process.send?.("taken");
  });
}

function leadOn(inward: Socket, address: string): void {
  const onward = connect({ host: address, port: 22, noDelay: true });
  inward.setNoDelay(true);
  inward.pipe(onward).pipe(inward);
  for (const [one, other] of [
    [inward, onward],
    [onward, inward],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}

if (process.argv[2] === "keep" && process.send) keep();
