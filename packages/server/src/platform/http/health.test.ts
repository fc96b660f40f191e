import { expect, test } from "vitest";
import { createReadiness } from "./health.ts";

const open = new AbortController().signal;

test("a check that hangs counts as failed in time, and is not started again while it hangs", async () => {
  let started = 0;
  const hung = Promise.withResolvers<void>();
  const checks = { well: async () => undefined, hung: () => (started++, hung.promise) };
  const ready = createReadiness({ checks, closing: open, timeoutMs: 20 });
  for (const _ of [1, 2, 3]) {
    const readiness = await ready();
    expect(readiness).toMatchObject({ status: "not_ready", components: { well: { ok: true }, hung: { ok: false } } });
    expect(readiness.components["hung"]?.ms).toBeLessThan(2000);
  }
  expect(started).toBe(1);
  hung.resolve();
  await hung.promise;
  expect(await ready()).toMatchObject({ status: "ready" });
});

test("a process that stops is not ready, whatever its parts say", async () => {
  const closing = new AbortController();
  const ready = createReadiness({ checks: {}, closing: closing.signal });
  expect((await ready()).status).toBe("ready");
  closing.abort();
  expect((await ready()).status).toBe("not_ready");
});
