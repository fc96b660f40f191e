import { createServer, type Server } from "node:http";
import { createServer as createPlain } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEgress, isEgressEntry } from "./egress.ts";

let canary: { port: number; touched: number; close(): void };
let open: { port: number; server: Server };

/** Listens where all the tricks lead: on every address of this machine. */
beforeAll(async () => {
  const listener = createPlain((socket) => {
    canary.touched++;
    socket.destroy();
  });
  await new Promise<void>((done) => listener.listen(0, "::", done));
  canary = { port: (listener.address() as AddressInfo).port, touched: 0, close: () => void listener.close() };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    const to = url.searchParams.get("to");
    if (to !== null)
      return void response.writeHead(Number(url.searchParams.get("status") ?? 302), { location: Buffer.from(to).toString("latin1") }).end();
    if (url.pathname === "/long") return void response.end("x".repeat(5000));
    if (url.pathname === "/never") return undefined;
    const { authorization, host } = request.headers;
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => response.setHeader("x-seen", "1").end(JSON.stringify({ method: request.method, authorization, host, body })));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.2", done));
  open = { port: (server.address() as AddressInfo).port, server };
});
afterAll(() => {
  canary.close();
  open.server.closeAllConnections();
  open.server.close();
});

/** Names as an attacker's own DNS would answer; nothing is asked of a real one. */
const zone: Record<string, string[]> = {
  localhost: ["127.0.0.1", "::1"],
  "app.localhost": ["127.0.0.1"],
  "loop.example": ["127.0.0.1"],
  "loop6.example": ["::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "mixed.example": ["1.1.1.1", "10.0.0.1"],
  "meta.example": ["169.254.169.254"],
  "zero.example": ["0.0.0.0"],
  "ula.example": ["fd00::1"],
  "nothing.example": [],
  "scoped.example": ["fe80::1%lo"],
  "open.example": ["127.0.0.2"],
};
const resolve = async (host: string): Promise<string[]> => {
  const found = zone[host];
  if (!found) throw new Error("ENOTFOUND");
  return found;
};

const hosts = `
  127.0.0.1 127.1 127.0.1 127.255.255.254 0x7f.0.0.1 0x7f000001 0x7F.1 0177.0.0.1 0177.1 017700000001 2130706433
  127.0.0.1. %31%32%37.0.0.1 １２７.0.0.1 127。0。0。1 ①②⑦.⓪.⓪.① 0 0.0.0.0 0x0 00 [::1] [::] [0:0:0:0:0:0:0:1]
  [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1]
  [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2001:0:4136:e378::] [fd00::1] [fc00::1] [fe80::1]
  [fec0::1] [ff02::1] [100::1] [2001:db8::1] [fd00:ec2::254] 10.0.0.1 10.1 172.16.0.1 172.31.255.255 192.168.0.1
  192.168.1 169.254.169.254 0xa9fea9fe 2852039166 100.64.0.1 100.127.255.255 192.0.0.1 192.0.2.1 198.18.0.1
  198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 localhost localhost. LOCALHOST
  app.localhost loop.example loop6.example mapped.example mixed.example meta.example zero.example ula.example
  nothing.example unknown.example scoped.example
`
  .trim()
  .split(/ |\n */);

describe("addresses that somebody else chose", () => {
  const egress = createEgress({ resolve });
  const listing = createEgress({ resolve, allow: ["127.0.0.2/32"] });
  const urls = [
    ...hosts.flatMap((host) => [`https://${host}:PORT/`, `http://${host}:PORT/`]),
    ..."https://1.1.1.1@127.0.0.1:PORT/ https://user:word@loop.example:PORT/ https://127.0.0.1:PORT\\@one.example/ https:127.0.0.1:PORT".split(
      " ",
    ),
    ..."file:///etc/passwd gopher://127.0.0.1:PORT/ ftp://127.0.0.1:PORT/ data:text/plain,x //127.0.0.1:PORT/ javascript:1 ws://127.0.0.1:PORT".split(
      " ",
    ),
    ..."http://1.1.1.1:PORT/ http://one.example:PORT/ https:// https://[::1 https://127.0.0.1:99999/".split(" "),
  ];

  test(`${urls.length} tricky addresses reach nothing`, async () => {
    expect(urls.length).toBeGreaterThan(60);
    for (const url of urls) {
      const answer = await egress.fetch(url.replace("PORT", String(canary.port))).catch((thrown: unknown) => thrown);
      expect(answer, url).toMatchObject({ code: expect.stringMatching(/^egress_(refused|unreachable)$/) });
    }
    for (const host of hosts)
      await expect(egress.judge(host.startsWith("[") ? host : new URL(`http://${host}`).hostname), host).rejects.toMatchObject({
        code: expect.stringMatching(/^egress_/),
      });
    expect(canary.touched).toBe(0);
  });

  test("a redirect is judged as its address would be", async () => {
    for (const host of hosts.slice(0, 40)) {
      const to = encodeURIComponent(`http://${host}:${canary.port}/`);
      await expect(listing.fetch(`http://127.0.0.2:${open.port}/?to=${to}`), host).rejects.toMatchObject({ code: "egress_refused" });
    }
    expect(canary.touched).toBe(0);
  });

  test("a name is looked up once, and the connection goes where the judged answer leads", async () => {
    let asked = 0;
    const rebinding = createEgress({ allow: ["127.0.0.2"], resolve: async () => [asked++ === 0 ? "127.0.0.2" : "127.0.0.1"] });
    const answer = await rebinding.fetch(`http://turn.example:${open.port}/`);
    expect(await answer.json()).toMatchObject({ host: `turn.example:${open.port}` });
    expect(asked).toBe(1);
    await expect(rebinding.fetch(`http://turn.example:${canary.port}/`)).rejects.toMatchObject({ code: "egress_refused" });
    expect(canary.touched).toBe(0);
  });
});

describe("calls that are open", () => {
  const egress = createEgress({ resolve, allow: ["open.example", "127.0.0.2"], mostBytes: 1000, timeoutMs: 300 });
  const at = (path = "/") => `http://open.example:${open.port}${path}`;

  test("a form is sent, and the answer comes back with status and headers", async () => {
    const answer = await egress.fetch(at(), {
      method: "POST",
      body: new URLSearchParams({ a: "b c" }),
      headers: { authorization: "Basic eA==" },
    });
    expect([answer.status, answer.headers.get("x-seen")]).toEqual([200, "1"]);
    expect(await answer.json()).toMatchObject({ method: "POST", body: "a=b+c", authorization: "Basic eA==" });
  });

  test("a redirect to another origin loses what proves the caller, and a form follows none", async () => {
    const to = encodeURIComponent(`http://127.0.0.2:${open.port}/`);
    const headers = { authorization: "Basic eA==" };
    expect(await (await egress.fetch(at(`/?to=${to}`), { headers })).json()).not.toHaveProperty("authorization");
    expect((await egress.fetch(at(`/?status=307&to=${to}`), { method: "POST", body: "secret", headers })).status).toBe(307);
    expect((await egress.fetch(at(`/?to=${to}`), { redirect: "manual" })).status).toBe(302);
    await expect(egress.fetch(at(`/?to=${to}`), { redirect: "error" })).rejects.toMatchObject({ code: "egress_refused" });
  });

  test("what goes in circles, is too long, too slow or given up ends", async () => {
    await expect(egress.fetch(at("/?to=%3Fto%3D%253Fto%253D%25253Fto%25253D%2525253Fto%2525253Dx"))).rejects.toMatchObject({
      code: "egress_refused",
    });
    await expect(egress.fetch(at("/long"))).rejects.toMatchObject({ code: "egress_too_large" });
    await expect(egress.fetch(at("/never"))).rejects.toMatchObject({ code: "egress_too_slow" });
    await expect(egress.fetch(at("/never"), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "egress_unreachable" });
  });

  test("the operator's list takes names, addresses and blocks, and nothing else", () => {
    expect(["idp.example.net", "10.0.0.0/8", "192.0.2.1", "fd00::/8", "[fd00::1]", "localhost"].filter(isEgressEntry)).toHaveLength(6);
    expect(["", "https://x", "10.0.0.0/33", "a b", "*", "*.example.net", "x/8"].filter(isEgressEntry)).toEqual([]);
  });
});
