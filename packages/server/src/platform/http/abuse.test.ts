/** What no well-behaved client sends, byte by byte: messages whose end or sender two readers would see differently, and clients that dawdle. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startThings, type ThingsApi } from "#test/things-api";

let api: ThingsApi;
beforeAll(async () => {
  api = await startThings({ waits: { headMs: 250, requestMs: 400, lookMs: 50 }, rateLimits: { user: 0, address: 30 } });
});
afterAll(() => api.drop());

const key = "authorization: Bearer writer\r\n";
const json = "content-type: application/json\r\n";
const body = '{"name":"ok"}';
const chunked = `d\r\n${body}\r\n0\r\n\r\n`;
/** What an attacker would have taken for another's request. It ends the connection when it is answered. */
const next = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

const post = (headers: string, content: string) => `POST /api/v1/things HTTP/1.1\r\nhost: x\r\n${key}${json}${headers}\r\n${content}`;
const get = (headers: string, target = "/api/v1/things") => `GET ${target} HTTP/1.1\r\nhost: x\r\n${key}${headers}\r\n`;

interface Talk {
  statuses: string[];
  text: string;
}

/** All that the server says until it hangs up. */
function talk(bytes: string): Promise<Talk> {
  const { port, hostname } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(bytes, "latin1")));
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("close", () => resolve({ text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1] ?? "") }));
    socket.on("error", reject);
  });
}

describe("a request whose end is in doubt", () => {
  test.each<[what: string, bytes: string]>([
    ["Content-Length before Transfer-Encoding", post("content-length: 13\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n")],
    ["Transfer-Encoding before Content-Length", post("transfer-encoding: chunked\r\ncontent-length: 4\r\n", chunked)],
    ["a coding that is almost chunked", post("transfer-encoding: xchunked\r\n", chunked)],
    ["a space before the colon", post("transfer-encoding : chunked\r\ncontent-length: 13\r\n", body)],
    ["a control character before the coding", post("transfer-encoding:\x0bchunked\r\n", chunked)],
    ["chunked, then another coding in a second header", post("transfer-encoding: chunked\r\ntransfer-encoding: x\r\n", chunked)],
    ["another coding, then chunked in a second header", post("transfer-encoding: x\r\ntransfer-encoding: chunked\r\n", chunked)],
    ["chunked that is not last", post("transfer-encoding: chunked, identity\r\n", chunked)],
    ["a coding before chunked", post("transfer-encoding: identity, chunked\r\n", chunked)],
    ["a compressed body", post("transfer-encoding: gzip, chunked\r\n", chunked)],
    ["no coding at all", post("transfer-encoding: identity\r\ncontent-length: 13\r\n", body)],
    ["chunks in HTTP/1.0", post("transfer-encoding: chunked\r\n", chunked).replace("HTTP/1.1", "HTTP/1.0")],
    ["two equal lengths", post("content-length: 13\r\ncontent-length: 13\r\n", body)],
    ["two different lengths", post("content-length: 13\r\ncontent-length: 0\r\n", body)],
    ["two lengths in one header", post("content-length: 13, 13\r\n", body)],
    ...["+13", "0xd", "-1", "1 3", "", "1e1", "13;", "99999999999999999999999"].map((length): [string, string] => [
      `the length "${length}"`,
      post(`content-length: ${length}\r\n`, body),
    ]),
    ["a header that goes on in the next line", get("x-a: b\r\n c: d\r\n")],
    ["a coding in such a next line", post("x-a: b\r\n transfer-encoding: chunked\r\ncontent-length: 13\r\n", body)],
    ["lines that end with LF alone", get("").replaceAll("\r", "")],
    ["one line that ends with LF alone", get("x-a: b\nx-c: d\r\n")],
    ["one line that ends with CR alone", get("x-a: b\rx-c: d\r\n")],
    ["NUL in a value", get("x-a: b\0c\r\n")],
    ["NUL in a name", get("x\0a: b\r\n")],
    ["a space in a name", get("x a: b\r\n")],
    ["a header without a name", get(": b\r\n")],
    ["a chunk size of 0x", post("transfer-encoding: chunked\r\n", `0xd\r\n${body}\r\n0\r\n\r\n`)],
    ["a chunk size beyond all numbers", post("transfer-encoding: chunked\r\n", `ffffffffffffffff1\r\n${body}\r\n0\r\n\r\n`)],
    ["a negative chunk size", post("transfer-encoding: chunked\r\n", `-d\r\n${body}\r\n0\r\n\r\n`)],
    ["a chunk that is longer than it says", post("transfer-encoding: chunked\r\n", `5\r\n${body}\r\n0\r\n\r\n`)],
    ["a chunk whose line ends with LF alone", post("transfer-encoding: chunked\r\n", `d;a\n${body}\r\n0\r\n\r\n`)],
    ["a chunk with 20 kB of extensions", post("transfer-encoding: chunked\r\n", `d;${"a".repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`)],
    ["HTTP/1.2", get("").replace("HTTP/1.1", "HTTP/1.2")],
    ["HTTP/0.9", "GET /api/v1/things\r\n\r\n"],
    ["the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["tabs in the first line", get("").replace("GET /api/v1/things HTTP", "GET\t/api/v1/things\tHTTP")],
    ["three words before the version", get("", "/api/v1/things x")],
    ["a method that nobody knows", get("").replace("GET", "BREW")],
    ["raw bytes in the address", get("", "/api/v1/things/\xc3\xa9")],
    ["a # in the address", get("", "/api/v1/things#x")],
    ["2100 headers", get("a: b\r\n".repeat(2100))],
    ["16 kB of one header", get(`x-a: ${"b".repeat(17_000)}\r\n`)],
    ["no host", get("").replace("host: x\r\n", "")],
    ["two hosts", get("host: y\r\n")],
    ["two callers", get("authorization: Bearer nobody\r\n")],
    ["two content types", post("content-type: text/plain\r\ncontent-length: 13\r\n", body)],
    ...["evil.example/?a@b", "a b", "evil.example:80:80", "x@y", "[::1", "a,b", "é"].map((host): [string, string] => [
      `the host "${host}"`,
      get("").replace("host: x", `host: ${host}`),
    ]),
  ])("by %s is refused, and nothing behind it is read", async (_what, bytes) => {
    const before = api.changes();
    const { statuses, text } = await talk(bytes + next);
    expect(statuses.length).toBe(1);
    expect(statuses[0]).toMatch(/^4\d\d$/);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(text).not.toContain('"live"');
    expect(api.changes()).toBe(before);
  });
});

describe("requests on one connection", () => {
  test("are answered one by one, in their order, whatever a body looks like", async () => {
    const hidden = get("");
    const bytes = [post(`content-length: ${body.length}\r\n`, body), get(`content-length: ${hidden.length}\r\n`) + hidden, next];
    expect((await talk(bytes.join(""))).statuses).toEqual(["201", "200", "200"]);
    expect((await talk(post("transfer-encoding: chunked\r\n", chunked) + next)).statuses).toEqual(["201", "200"]);
  });

  test("with an expectation that nobody knows are refused without losing the place", async () => {
    expect((await talk(post("content-length: 13\r\nexpect: 200-ok\r\n", body) + next)).statuses).toEqual(["417", "200"]);
    expect((await talk(post("content-length: 13\r\nexpect: 100-continue\r\n", body) + next)).statuses).toEqual(["100", "201", "200"]);
  });

  test("do not become another protocol, a proxy or a mirror", async () => {
    const upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n";
    expect((await talk(get(upgrade) + next)).statuses).toEqual(["200"]);
    expect((await talk(get("connection: upgrade\r\nupgrade: websocket\r\n") + next)).statuses).toEqual(["200"]);
    expect((await talk(`CONNECT 10.0.0.1:22 HTTP/1.1\r\nhost: 10.0.0.1:22\r\n\r\n${next}`)).statuses).toEqual([]);
    const traced = await talk(get("x-secret: hunter2\r\n").replace("GET", "TRACE") + next);
    expect([traced.statuses, traced.text.includes("hunter2")]).toEqual([["405", "200"], false]);
    expect((await talk(`OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n${next}`)).statuses).toEqual(["404", "200"]);
  });

  test("trailers say nothing about the caller or the length", async () => {
    const { statuses } = await talk(
      post("transfer-encoding: chunked\r\n", `d\r\n${body}\r\n0\r\nauthorization: Bearer nobody\r\nx-forwarded-for: 192.0.2.1\r\n\r\n`) +
        next,
    );
    expect(statuses).toEqual(["201", "200"]);
  });
});

describe("an address written in another way", () => {
  const asReader = (target: string) => talk(get("", target).replace("writer", "reader") + next);

  test("leads to the route whose permission was asked, or nowhere", async () => {
    for (const target of ["/api/v1/th%69ngs", "/%61pi/v1/things", "http://evil.example/api/v1/things", "/api/v1/things?limit=5"])
      expect([target, (await asReader(target)).statuses]).toEqual([target, ["200", "200"]]);
    const nowhere = `//api/v1/things /api/v1//things /api/v1/./things /api/v1/x/../things /api/v1/things/. /api/v1/things/one/.. /API/v1/things
      /api/v1/things;x=1 /api/v1/things%2Fone /api/v1/things%00 /api/v1/things\\one /api/v1/things/ /api/v1/things/%2e /api/v1/things/%2E%2e
      /api/v1/things/%2e%2e/press /api/v1/things/%252e%252e /api/v1/things/%E0%80%AE /api/v1/things/%u002e /api/v1/things?limit[]=5 /metrics/`;
    for (const target of nowhere.split(/\s+/)) {
      const { statuses } = await asReader(target);
      expect([target, statuses[0]?.[0], statuses.length]).toEqual([target, "4", 2]);
    }
  });

  test("is no way past the permission", async () => {
    const before = api.changes();
    for (const target of [
      "/api/v1/things",
      "/api/v1/th%69ngs",
      "http://x/api/v1/things",
      "/api/v1/things/%2e",
      "/api/v1/things/one%2f..",
    ]) {
      const bytes = post("content-length: 13\r\n", body).replace("/api/v1/things", target).replace("writer", "reader");
      expect([target, (await talk(bytes + next)).statuses[0]?.[0]]).toEqual([target, "4"]);
    }
    expect(api.changes()).toBe(before);
  });
});

describe("who says where they come from", () => {
  test("is not believed: neither address, nor host, nor scheme of a proxy that nobody trusts", async () => {
    const spoofed =
      "x-forwarded-for: 192.0.2.1\r\nx-forwarded-host: evil.example\r\nx-forwarded-proto: https\r\nx-real-ip: 192.0.2.1\r\nforwarded: for=192.0.2.1\r\n";
    const { text } = await talk(`POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\n${spoofed}${json}content-length: 0\r\n\r\n${next}`);
    expect(text).not.toContain("evil.example");
    expect(text).not.toContain("strict-transport-security");
    expect(api.logLines.join("")).not.toContain("192.0.2.1");
  });

  test("does not get more requests by saying so", async () => {
    const startedMs = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async (_, guess) => {
        const headers = { "x-forwarded-for": `192.0.2.${guess}`, "x-real-ip": `192.0.2.${guess}` };
        return (await api.call("GET", "/api/v1/things", { as: `guess-${guess}`, headers })).status;
      }),
    );
    const seconds = Math.ceil((performance.now() - startedMs) / 1000); // the quota fills meanwhile
    expect(statuses.filter((status) => status !== 429).length).toBeLessThanOrEqual(30 + Math.ceil(seconds / 2));
  });

  test("by a name that leads to this machine is no scraper of this machine", async () => {
    const ask = async (host: string): Promise<string | undefined> =>
      (await talk(`GET /metrics HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).statuses[0];
    expect(await ask("127.0.0.1:7450")).toBe("200");
    expect(await ask("localhost")).toBe("200");
    expect(await ask("rebound.evil.example:7450")).toBe("401");
  });
});

describe("a client that dawdles", () => {
  test.each([
    ["in the head of a request", "GET /api/v1/things HTTP/1.1\r\nhost: x\r\nx-a"],
    ["in its body", post("content-length: 13\r\n", body.slice(0, 5))],
    ["in a chunk of it", post("transfer-encoding: chunked\r\n", `d\r\n${body.slice(0, 5)}`)],
  ])("%s is told so and hung up on", async (_where, bytes) => {
    const { statuses, text } = await talk(bytes);
    expect(statuses).toEqual(["408"]);
    expect(text).toContain("request_timeout");
  });
});
