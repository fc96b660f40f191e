/** OWASP API Security Top 10 (2023), API9: what is there and nobody knows of. */
import { readFileSync } from "node:fs";
import { contract, routesOf } from "@holdfast/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
});
afterAll(() => fortress.drop());

/** What answers outside the contract, and why. */
const known: Record<string, string> = {
  "/": "the console",
  "/health/live": "whether the process lives",
  "/health/ready": "whether it is ready",
  "/metrics": "for a scraper of this machine, or a key",
  "/.well-known/jwks.json": "keys that verify access tokens",
  "/.well-known/oauth-authorization-server": "RFC 8414",
  "/api/v1/docs": "the explorer",
  "/api/v1/openapi.json": "the document",
};

test("the document that the server gives out is the one that was agreed, and names every route of the contract and no other", async () => {
  const served = (await fortress.call("GET", "/api/v1/openapi.json")).body as { paths: Record<string, Record<string, unknown>> };
  const agreed = JSON.parse(readFileSync(new URL("../../../contract/openapi.golden.json", import.meta.url), "utf8")) as typeof served;
  expect(Object.keys(served.paths).toSorted((a, b) => a.localeCompare(b))).toEqual(
    Object.keys(agreed.paths).toSorted((a, b) => a.localeCompare(b)),
  );
  const told = Object.entries(served.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const meant = routesOf(contract).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(told.map((one) => one.replace(" /api/v1", " ")))).toEqual(new Set(meant));
});

test("nothing of old, of tests, of other frameworks or for debugging answers, whoever asks", async () => {
  const guesses = `/api /api/ /api/v0/users /api/v2/users /api/v1 /api/v1/ /v1/users /api/beta/users /api/internal/users /internal /private /admin /administrator
    /debug /debug/pprof/ /debug/vars /actuator /actuator/env /actuator/heapdump /env /trace /dump /heapdump /swagger /swagger-ui /swagger.json /swagger-ui.html
    /api-docs /graphql /graphiql /playground /console /h2-console /phpinfo.php /server-info /status /stats /_status /healthz /readyz /livez /version /config /settings
    /test /tests /dev /staging /old /backup /rpc /trpc /soap /xmlrpc.php /ws /websocket /socket.io/ /sse /stream /login /oauth /oauth/authorize /oauth/register
    /.well-known/openid-configuration /api/v1/debug /api/v1/test /api/v1/admin /api/v1/internal /api/v1/metrics /api/v1/config /api/v1/settings /api/v1/openapi.yaml`;
  for (const path of guesses.split(/\s+/)) {
    const { status } = await fortress.call("GET", path, { key: admin.key });
    expect([path, status in { 404: 1, 405: 1 } || path in known]).toEqual([path, true]);
  }
});

test("what answers outside the contract is there on purpose, and nothing of it changes anything", async () => {
  for (const path of Object.keys(known)) {
    const { status } = await fortress.call("GET", path, { headers: { accept: "text/html, */*" } });
    expect([path, status]).toEqual([path, path.endsWith("/docs") ? 302 : 200]);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const changed = await fortress.call(method, path, { key: admin.key, body: {} });
      expect([method, path, [404, 405].includes(changed.status)]).toEqual([method, path, true]);
    }
  }
});
