import { describe, expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

describe("metrics", () => {
  test("what was counted and measured is on the page, with Node's own figures", async () => {
    const metrics = createMetrics();
    metrics.counter({ name: "holdfast_things_total", help: "Things", labels: ["outcome"] }).inc({ outcome: "applied" }, 2);
    metrics
      .histogram({ name: "catnet_deployment_duration_seconds", help: "Rollouts", labels: ["strategy", "result"] })
      .observe({ strategy: "canary", result: "completed" }, 3);
    metrics.gauge({ name: "holdfast_open", help: "Open", read: async (gauge) => gauge.set(7) });
    const { text, contentType } = await metrics.page();
    expect(contentType).toContain("text/plain");
    expect(text).toContain('holdfast_things_total{outcome="applied"} 2');
    expect(text).toContain('catnet_deployment_duration_seconds_count{strategy="canary",result="completed"} 1');
    expect(text).toContain("holdfast_open 7");
    expect(text).toMatch(/system_uptime_seconds \d/);
    expect(text).toMatch(/nodejs_eventloop_lag_seconds /);
  });

  test("asking twice for one name gives one metric, and two registries share nothing", async () => {
    const one = createMetrics();
    one.counter({ name: "holdfast_a_total", help: "A" }).inc();
    one.counter({ name: "holdfast_a_total", help: "A" }).inc();
    expect((await one.page()).text).toContain("holdfast_a_total 2");
    expect((await createMetrics().page()).text).not.toContain("holdfast_a_total");
  });
});
