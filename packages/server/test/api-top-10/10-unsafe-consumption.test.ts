/** OWASP API Security Top 10 (2023), API10: believing what others answer. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
/** A provider that the operator trusts enough to ask, and that has been taken over. */
let provider: Server;
/** What no redirect of it may reach. */
let inside: Server;
let reached = 0;
let says: (response: ServerResponse, origin: string) => void;
let start: () => ReturnType<Fortress["call"]>;
const listen = async (server: Server, host: string): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, host, done));
  return (server.address() as AddressInfo).port;
};

beforeAll(async () => {
  provider = createServer((request, response) => says(response, `http://${request.headers.host}`));
  inside = createServer((_request, response) => {
    reached++;
    response.end("{}");
  });
  const issuer = `http://127.0.0.2:${await listen(provider, "127.0.0.2")}`;
  await listen(inside, "127.0.0.1");
  fortress = await startFortress({ HOLDFAST_EGRESS_ALLOW: "127.0.0.2", HOLDFAST_PUBLIC_URL: "https://holdfast.example" });
  admin = await fortress.person("ada", "admin");
  const settings = { kind: "oidc", issuer, clientId: "holdfast" };
  const made = await fortress.call("POST", "/api/v1/identity-providers", {
    key: admin.key,
    body: { id: "idp", name: "idp", settings, secret: "s3cret" },
  });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  start = () => fortress.call("POST", "/api/v1/auth/providers/idp/start", { body: {} });
});
afterAll(async () => {
  await fortress.drop();
  for (const server of [provider, inside]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  reached = 0;
});

const documentOf = (origin: string, more: object = {}) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  jwks_uri: `${origin}/jwks`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
  ...more,
});
const json = (response: ServerResponse, value: unknown) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify(value));

describe("a provider that was taken over", () => {
  test.each<[string, typeof says]>([
    ["answers with a page", (response) => void response.setHeader("content-type", "text/html").end("<script>1</script>")],
    ["answers with what is no JSON", (response) => void response.setHeader("content-type", "application/json").end("{")],
    ["answers with nothing", (response) => void response.end()],
    ["answers with a list", (response) => json(response, [])],
    ["answers with null", (response) => json(response, null)],
    ["fails", (response) => void response.writeHead(500).end("stack trace of mine")],
    ["answers with five megabytes", (response) => json(response, { issuer: "x".repeat(5_000_000) })],
    ["passes itself off as another", (response) => json(response, documentOf("https://accounts.example"))],
    ["hangs up", (response) => void response.destroy()],
    ["answers with a broken header", (response) => void response.socket?.end("HTTP/1.1 200 OK\r\nx: \0\r\n\r\n")],
    ["answers with a thousand headers", (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(5000)}\r\n{}`)],
    [
      "sends us into our own network",
      (response) => void response.writeHead(302, { location: `http://127.0.0.1:${(inside.address() as AddressInfo).port}/` }).end(),
    ],
    [
      "sends us in circles",
      (response, origin) => void response.writeHead(302, { location: `${origin}/.well-known/openid-configuration` }).end(),
    ],
    ["sends us to a file", (response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end()],
    [
      "names members of a prototype",
      (response, origin) =>
        void response.end(
          JSON.stringify(documentOf(origin)).replace("{", '{"__proto__":{"polluted":1},').replace(origin, "https://x.example"),
        ),
    ],
  ])("%s: the caller is told that it does not work, and nothing of it", async (_what, behaviour) => {
    says = behaviour;
    const { status, text } = await start();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).not.toBe(500);
    expect(text).not.toMatch(/stack trace of mine|<script>|node_modules|\bat .*\(|ECONN|HPE_/);
    expect(reached).toBe(0);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ["an address to sign in at that is code", "javascript:alert(1)"],
    ["one that is a file", "file:///etc/passwd"],
    ["one without encryption elsewhere", "http://evil.example/authorize"],
  ])("names %s: no browser is sent there", async (_what, authorization_endpoint) => {
    says = (response, origin) => json(response, documentOf(origin, { authorization_endpoint }));
    const { status, text } = await start();
    expect([status >= 400, text.includes(authorization_endpoint)]).toEqual([true, false]);
  });
});
