/** The wire between a process and PostgreSQL, to be cut: bytes then go nowhere, and no end is told, as when a network is parted. */
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Wire {
  /** The database over this wire. */
  url: string;
  cut(): void;
  mend(): void;
  remove(): Promise<void>;
}

/** @param url of a database whose server listens on a Unix socket */
export async function layWire(url: string): Promise<Wire> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-wire-"));
  const far = join(new URL(url).searchParams.get("host") ?? "", ".s.PGSQL.5432");
  const sockets = new Set<Socket>();
  let isCut = false;
  const add = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("data", (bytes) => other.write(bytes));
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      if (!isCut) other.end();
    });
    if (isCut) socket.pause();
  };
  const server = createServer((near) => {
    const beyond = connect(far);
    add(near, beyond);
    add(beyond, near);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, ".s.PGSQL.5432"), resolve));
  const wired = new URL(url);
  wired.searchParams.set("host", directory);
  return {
    url: wired.toString(),
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    async remove() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
