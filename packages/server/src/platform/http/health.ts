/** Whether the process lives, and whether it can do its work: for load balancers, Kubernetes and people. */
import type { FastifyInstance } from "fastify";

/** Looks at one thing the process needs; rejects when it is not there. */
export type ReadyCheck = () => Promise<unknown>;

export interface Readiness {
  status: "ready" | "not_ready";
  components: Record<string, { ok: boolean; ms: number }>;
}

interface HealthParts {
  /** By name, e.g. `database`. */
  checks: Record<string, ReadyCheck>;
  closing: AbortSignal;
  /** How long a check may take before it counts as failed. */
  timeoutMs?: number;
}

/** Adds `/health/live` (200 while the process answers) and `/health/ready` (503 when a check fails, hangs, or the server is stopping). */
export function serveHealth(app: FastifyInstance, parts: HealthParts): void {
  const ready = createReadiness(parts);
  app.get("/health/live", () => ({ status: "live" }));
  app.get("/health/ready", async (_request, reply) => {
    const readiness = await ready();
    return reply.code(readiness.status === "ready" ? 200 : 503).send(readiness);
  });
  app.get("/health", (_request, reply) => reply.redirect("/health/ready"));
}

/** A look at all components at once. A check that still runs is not started again, so that probes of a hung database do not pile up. */
export function createReadiness({ checks, closing, timeoutMs = 1500 }: HealthParts): () => Promise<Readiness> {
  const running = new Map<string, Promise<boolean>>();
  const look = (name: string, check: ReadyCheck): Promise<boolean> => {
    const started =
      running.get(name) ??
      check()
        .then(
          () => true,
          () => false, // what is wrong is for the log of the part that failed; anyone may read this answer
        )
        .finally(() => running.delete(name));
    running.set(name, started);
    return started;
  };
  return async () => {
    const looked = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const startedMs = performance.now();
        const ok = await inTime(look(name, check), timeoutMs);
        return [name, { ok, ms: Math.round(performance.now() - startedMs) }] as const;
      }),
    );
    const all = !closing.aborted && looked.every(([, component]) => component.ok);
    return { status: all ? "ready" : "not_ready", components: Object.fromEntries(looked) };
  };
}

async function inTime(check: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)));
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}
