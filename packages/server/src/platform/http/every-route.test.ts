import { contract, permissions, routesOf, type Permission } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { isContractProcedure, type AnyContractRouter } from "@orpc/contract";
import { implement, type Router } from "@orpc/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttp, type Http, type RequestContext } from "#platform/http";
import { everywhere } from "#platform/http/request";
import { silentLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";

/** Every route of the contract, with a handler that only says that it was reached. */
function reachable(part: AnyContractRouter): Router<AnyContractRouter, RequestContext> {
  if (isContractProcedure(part)) {
    return implement(part)
      .$context<RequestContext>()
      .handler(() => {
        throw new Problem("reached", { kind: "missing", say: "Reached." });
      });
  }
  return Object.fromEntries(Object.entries(part).map(([key, below]) => [key, reachable(below)]));
}

const routes = routesOf(contract);
let http: Http;
let url: string;

beforeAll(async () => {
  http = await createHttp({
    contract,
    router: reachable(contract),
    // The API key lists what its bearer may do.
    authenticate: async ({ headers: { authorization } }) =>
      authorization === undefined
        ? undefined
        : {
            actor: "user:x",
            userId: "x",
            via: "api_key",
            credentialId: "key",
            steppedUp: true,
            access: everywhere(authorization.replace("Bearer ", "").split(",") as Permission[]),
          },
    db: undefined as never, // no route is called with an Idempotency-Key here
    log: silentLog,
    metrics: createMetrics(),
    checks: {},
    settings: { port: 0, consoleDirectory: "/nowhere", version: "0", rateLimits: { user: 0, address: 0 } },
  });
  url = await http.listen();
});
afterAll(() => http.close());

async function statusOf({ method, path }: (typeof routes)[number], allowed = "public"): Promise<number> {
  const headers = { authorization: `Bearer ${allowed}` };
  const answer = await fetch(`${url}/api/v1${path.replaceAll(/\{\w+\}/g, "x")}`, { method, headers });
  await answer.body?.cancel();
  return answer.status;
}

describe.each(routes)("$method $path", (route) => {
  const { permission } = route.meta;

  if (permission !== "public" && permission !== "self")
    test("refuses who may do everything else", async () => {
      expect(await statusOf(route, permissions.filter((one) => one !== permission).join(","))).toBe(403);
    });

  test("lets in who has its permission and no other", async () => {
    expect([400, 404, 428]).toContain(await statusOf(route, permission));
  });
});
