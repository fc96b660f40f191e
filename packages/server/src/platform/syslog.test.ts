import { createSocket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
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
  await createSyslog({ transport: "udp", host: "127.0.0.1", port: server.address().port }).send(message);
  expect((await got)[0].toString()).toContain('seq="12"');
  server.close();
});

test("goes over TCP with its length before it, over one connection, and over a new one when that broke", async () => {
  const received: string[] = [];
  const arrived = Promise.withResolvers<void>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("data", (bytes) => {
      received.push(bytes.toString());
      if (connections === 2) arrived.resolve();
      if (received.join("").split("AUDIT").length === 3) socket.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const syslog = createSyslog({ transport: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  await syslog.send(message);
  await syslog.send(message);
  const length = formatSyslog(message).length;
  await expect.poll(() => received.join("").split(`${length} <109>1 `).length).toBe(3);
  await expect.poll(async () => (await syslog.send(message), connections)).toBe(2);
  await arrived.promise;
  syslog.close();
  server.close();
});

test("a server that is not there is told", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  await expect(createSyslog({ transport: "tcp", host: "127.0.0.1", port }).send(message)).rejects.toMatchObject({
    code: "syslog_unreachable",
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
