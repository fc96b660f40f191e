import { createSocket } from "node:dgram";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { createServer as createTlsServer, Server as TlsServer } from "node:tls";
import { tlsPair } from "#test/certificates";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSyslog, formatSyslog, parseSyslogTarget } from "./syslog.ts";

const message = {
  severity: "notice",
  at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
  messageId: "AUDIT",
  facts: { seq: "12", odd: 'a"b]c\\d' },
  text: "one\nline",
} as const;

test("a message is what RFC 5424 says, on one line, with its values escaped", () => {
  expect(formatSyslog(message, "host one").toString()).toBe(
    `<109>1 2026-01-02T03:04:05.006Z hostone holdfast ${process.pid} AUDIT [holdfast@32473 seq="12" odd="a\\"b\\]c\\\\d"] \uFEFFone line`,
  );
});

test("goes over UDP as one datagram", async () => {
  const server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  const got = once(server, "message") as Promise<[Buffer]>;
  await createSyslog({ transport: "udp", host: "127.0.0.1", port: server.address().port }).send([message]);
  expect((await got)[0].toString()).toContain('seq="12"');
  server.close();
});

const octets = `${formatSyslog(message).length} <109>1 `;

/** A server that keeps what it read of each connection, and closes when the other side has. */
async function listen(server: Server): Promise<{ port: number; got: string[]; close(): Promise<unknown> }> {
  const got: string[] = [];
  const onSocket = (socket: Socket): void => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => got.push(bytes.toString()));
  };
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", onSocket);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<unknown> => (server.close(), once(server, "close"));
  return { port: (server.address() as AddressInfo).port, got, close };
}

test("go over TCP, each with its length before it", async () => {
  const { port, got, close } = await listen(createServer());
  await createSyslog({ transport: "tcp", host: "127.0.0.1", port }).send([message, message]);
  expect(got.join("").split(octets)).toHaveLength(3);
  await close();
});

test("what the server did not read before it went is not taken for sent", async () => {
  const server = createServer((socket) => socket.once("readable", () => socket.resetAndDestroy())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const syslog = createSyslog({ transport: "tcp", host: "127.0.0.1", port }, { timeoutMs: 2000 });
  await expect(syslog.send([message])).rejects.toMatchObject({ code: "syslog_unreachable" });
  server.close();
});

test("a server that takes nothing is given up in time", async () => {
  const held: Socket[] = [];
  const server = createServer((socket) => void held.push(socket.pause())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const syslog = createSyslog({ transport: "tcp", host: "127.0.0.1", port }, { timeoutMs: 50 });
  await expect(syslog.send([message])).rejects.toThrow("within 50 ms");
  for (const socket of held) socket.destroy();
  server.close();
});

test("a server that is not there is told", async () => {
  const { port, close } = await listen(createServer());
  await close();
  await expect(createSyslog({ transport: "tcp", host: "127.0.0.1", port }).send([message])).rejects.toMatchObject({
    code: "syslog_unreachable",
  });
});

describe("over TLS", () => {
  let ours: Awaited<ReturnType<typeof tlsPair>>;
  let server: Awaited<ReturnType<typeof listen>>;
  beforeAll(async () => {
    ours = await tlsPair();
    server = await listen(createTlsServer({ cert: ours.cert, key: ours.key }));
  });
  afterAll(() => server.close());
  const to = (parts: { ca?: string; host?: string } = {}) =>
    createSyslog({ transport: "tls", host: "127.0.0.1", port: server.port, ...parts });

  test("go to a server whose authority is the one that was told", async () => {
    await to({ ca: ours.ca }).send([message]);
    expect(server.got.splice(0).join("")).toContain(octets);
  });

  test("do not go to a server of another authority, nor to one with another name, nor by the system's authorities", async () => {
    const other = await tlsPair();
    for (const parts of [{ ca: other.ca }, { ca: ours.ca, host: "localhost" }, {}])
      await expect(to(parts).send([message])).rejects.toMatchObject({
        code: "syslog_untrusted",
        message: expect.stringContaining("HOLDFAST_AUDIT_SYSLOG_CA_FILE") as string,
      });
    expect(server.got).toEqual([]);
  });

  test("do not go to a server that speaks nothing newer than TLS 1.1", async () => {
    const ciphers = "DEFAULT@SECLEVEL=0";
    const old = await listen(createTlsServer({ cert: ours.cert, key: ours.key, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers }));
    const syslog = createSyslog({ transport: "tls", host: "127.0.0.1", port: old.port, ca: ours.ca });
    await expect(syslog.send([message])).rejects.toMatchObject({ kind: "unavailable" });
    expect(old.got).toEqual([]);
    await old.close();
  });
});

test.each([
  ["udp://10.0.0.1", { transport: "udp", host: "10.0.0.1", port: 514 }],
  ["tls://logs.example.net:7000", { transport: "tls", host: "logs.example.net", port: 7000 }],
  ["tcp://[2001:db8::1]", { transport: "tcp", host: "2001:db8::1", port: 601 }],
  ["http://logs", undefined],
  ["udp://a:99999", undefined],
  ["udp://user@host", undefined],
])("%s", (text, target) => expect(parseSyslogTarget(text)).toEqual(target));
