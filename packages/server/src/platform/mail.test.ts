import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Secret } from "@holdfast/kit";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog, silentLog } from "./log.ts";
import { createMail } from "./mail.ts";

const from = "holdfast@example.net";
const letter = (subject: string) => ({ to: "ada@example.net", subject, text: "Hello." });

describe("closing", () => {
  let server: SMTPServer;
  let url: Secret;
  let taken: string[];
  let heads: string[];
  let receivers: Set<string>;
  /** The server says that it has a letter only then. */
  let release: PromiseWithResolvers<void>;
  let arrived: PromiseWithResolvers<void>;

  beforeEach(async () => {
    [heads, receivers] = [[], new Set()];
    [taken, release, arrived] = [[], Promise.withResolvers(), Promise.withResolvers()];
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onRcptTo({ address }, _session, done) {
        receivers.add(address);
        done();
      },
      onData(stream, _session, done) {
        let text = "";
        stream.on("data", (part: Buffer) => void (text += part.toString()));
        stream.on("end", () => {
          arrived.resolve();
          heads.push(text.split("\r\n\r\n")[0] ?? "");
          void release.promise.then(() => {
            taken.push(/^Subject: (.*)\r$/m.exec(text)?.[1] ?? "");
            done();
          });
        });
      },
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    url = new Secret(`smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`);
  });
  afterEach(() => new Promise<void>((resolve) => server.close(resolve)));

  test("waits until the server has taken every letter, those begun meanwhile too, and leaves no connection open", async () => {
    const mail = createMail({ url, from, log: silentLog });
    mail.sendLater(() => Promise.resolve(letter("one")));
    await arrived.promise;
    let closed = false;
    const closing = mail.close().then(() => (closed = true));
    mail.sendLater(() => Promise.resolve(letter("two")));
    expect({ closed, taken }).toEqual({ closed: false, taken: [] });
    release.resolve();
    await closing;
    expect(taken.toSorted()).toEqual(["one", "two"]);
    await expect.poll(() => server.connections.size).toBe(0);
  });

  test("of a letter whose parts hold line ends: they become no header and no receiver", async () => {
    const mail = createMail({ url, from, log: silentLog });
    release.resolve();
    for (const strange of [
      "x\r\nBcc: eve@evil.example",
      "x\nBcc: eve@evil.example\n\nHello",
      "x\r\n.\r\nMAIL FROM:<a@b>",
      "x\u2028Bcc: eve@evil.example",
    ]) {
      await mail.send({ to: "ada@example.net", subject: strange, text: strange });
      await mail.send({ to: `ada@example.net${strange.slice(1)}`, subject: "to", text: "x" }).catch(() => undefined);
    }
    expect(receivers).toEqual(new Set(["ada@example.net"]));
    expect(heads.join("\n")).not.toMatch(/^Bcc:/im);
    expect(taken.length).toBeGreaterThanOrEqual(4);
  });

  test("has nothing to wait for when nothing was sent, and for what was not to be sent after all", async () => {
    const mail = createMail({ url, from, log: silentLog });
    mail.sendLater(() => Promise.resolve(undefined));
    await mail.close();
    expect(taken).toEqual([]);
  });
});

test("a server that says nothing does not keep the process from ending, and what was not sent is told, without the letter", async () => {
  const open: Socket[] = [];
  const silent = createServer((socket) => void open.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const lines: string[] = [];
  const log = createLog({ level: "info", to: { write: (line) => void lines.push(line) } });
  const url = new Secret(`smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const mail = createMail({ url, from, log, closeMs: 30 });
  mail.sendLater(() => Promise.resolve(letter("secret link")));
  await mail.close();
  expect(lines.join("")).toContain("mails could not be sent before the end");
  expect(lines.join("")).not.toContain("secret link");
  for (const socket of open) socket.destroy();
  silent.close();
});
