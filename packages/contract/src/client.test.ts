import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Problem, Secret, toProblemDocument } from "@holdfast/kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient, requestIdOf } from "./client.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string };
let url: string;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    asked = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    answer(request, response);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  answer = (_request, response) => response.setHeader("content-type", "application/json").end("{}");
});

const client = () => createClient({ url, apiKey: new Secret("hf_key") });
const failing = (status: number, type: string, body: string) => {
  answer = (_request, response) => response.writeHead(status, { "content-type": type }).end(body);
};

describe("a call", () => {
  test("goes where the contract says, with what it says", async () => {
    await client().devices.update({ id: "a/b", name: "r1" }, { context: { ifMatch: "v1" } });
    expect(asked).toMatchObject({ method: "PATCH", url: "/api/v1/devices/a%2Fb", body: '{"name":"r1"}' });
    expect(asked.headers).toMatchObject({ authorization: "Bearer hf_key", "if-match": '"v1"' });
  });

  test("carries its idempotency key", async () => {
    await client().rollouts.abort({ id: "rol_1" }, { context: { idempotencyKey: "once" } });
    expect(asked.headers["idempotency-key"]).toBe("once");
  });

  test("of a list has its filters in the address", async () => {
    await client().devices.list({ site: "lyon", limit: 5 });
    expect(asked.url).toBe("/api/v1/devices?site=lyon&limit=5");
  });

  test("without an API key says where it comes from, as a session needs", async () => {
    await createClient({ url }).identity.me();
    expect(asked.headers).toMatchObject({ origin: url });
  });
});

describe("a failure", () => {
  test("told by Holdfast is the same Problem again", async () => {
    const told = new Problem("devices_missing", { kind: "not_ready", say: "No.", places: [{ at: "id", say: "wrong" }], status: 422 });
    failing(422, "application/problem+json", JSON.stringify(toProblemDocument(told, "req_1")));
    const thrown = await client()
      .devices.get({ id: "x" })
      .catch((problem: Problem) => problem);
    expect(thrown).toMatchObject({ code: "devices_missing", kind: "not_ready", message: "No.", places: told.places, status: 422 });
    expect(requestIdOf(thrown as Problem)).toBe("req_1");
  });

  test.each([
    [502, "unavailable"],
    [429, "limit"],
    [401, "unauthenticated"],
    [500, "broken"],
    [302, "invalid"],
    [418, "invalid"],
  ])("of something in between (%i) is a Problem by its status", async (status, kind) => {
    failing(status, "text/html", "<h1>nginx</h1>");
    await expect(client().devices.get({ id: "x" })).rejects.toMatchObject({ code: `http_${status}`, kind, status });
  });

  test("to reach the server says which one", async () => {
    const nobody = createClient({ url: "http://127.0.0.1:1" });
    await expect(nobody.identity.me()).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("http://127.0.0.1:1"),
    });
  });

  test("by the caller's own wish is no Problem", async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const call = client().identity.me(undefined, { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });

  test("of a stream that falls silent is noticed", async () => {
    answer = (_request, response) => response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
    const stream = await createClient({ url, silenceMs: 30 }).system.events();
    await expect(stream.next()).rejects.toThrow("nothing came for 30 ms");
  });
});

describe("a stream that is left", () => {
  const hello = () => {
    answer = (_request, response) => response.writeHead(200, { "content-type": "text/event-stream" }).write("event: message\ndata: {}\n\n");
  };
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const hungUp = (): Promise<void> =>
    new Promise((resolve) => void server.once("request", (request) => request.socket.once("close", () => resolve())));

  test.each([
    [
      "by its signal",
      async (stream: AsyncIterator<unknown>, stop: AbortController) => {
        const next = stream.next();
        stop.abort(new Error("seen"));
        await expect(next).rejects.toThrow("seen");
      },
    ],
    [
      "by its signal after a collection of garbage",
      async (stream: AsyncIterator<unknown>, stop: AbortController) => {
        const next = stream.next();
        collectGarbage();
        // What waits to be told of what was collected is told in a turn of its own.
        await new Promise((resolve) => setImmediate(resolve));
        stop.abort(new Error("seen"));
        await expect(next).rejects.toThrow("seen");
      },
    ],
    ["by its reader", async (stream: AsyncIterator<unknown>) => void (await stream.return?.())],
  ])("%s leaves no timer and hangs up", async (_, leave) => {
    hello();
    const closed = hungUp();
    const before = timers();
    const stop = new AbortController();
    const stream = await createClient({ url }).system.events({}, { signal: stop.signal });
    await stream.next();
    await leave(stream, stop);
    await closed;
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test("by falling silent hangs up", async () => {
    hello();
    const closed = hungUp();
    const stream = await createClient({ url, silenceMs: 30 }).system.events();
    await stream.next();
    await expect(stream.next()).rejects.toThrow("nothing came for 30 ms");
    await closed;
  });
});
