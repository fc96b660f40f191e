/** The worker process of the crash tests as the test holds it: told by messages, ended by signals. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileCache } from "../compile-cache.ts";

export type Order = { do: "start" } | { do: "watch"; dieAt?: number; freezeAt?: string } | { do: "tell" };

export interface Report {
  /** `lapsed`: without an order, when a lease has run out by its own clock. */
  done: Order["do"] | "made" | "lapsed";
  /** Journal points since the last `watch`. */
  points: string[];
}

/** A controller that is silent for so long has lost its rollouts. */
export const crashLeaseMs = 1500;

export interface WorkerProcess {
  order(order: Order): Promise<Report>;
  /** Resolves when it says that a lease of its own ran out. */
  lapsed: Promise<unknown>;
  /** How it ended: a signal, or a code. */
  ended: Promise<string>;
  kill(): Promise<void>;
  /** Makes it stand still (SIGSTOP); it does when this returns. */
  freeze(): void;
  /** Whether it stands still. */
  frozen(): boolean;
  /** Lets it go on. */
  thaw(): void;
}

/** Resolves when it is ready to be started. */
export async function workerProcess(place: { home: string; databaseUrl: string }): Promise<WorkerProcess> {
  const program = fileURLToPath(new URL("crash-worker.ts", import.meta.url));
  const env = { ...compileCache, PATH: process.env["PATH"], HOLDFAST_HOME: place.home, DATABASE_URL: place.databaseUrl };
  const child = fork(program, { env, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = (once(child, "exit") as Promise<[number | null, string | null]>).then(([code, signal]) => signal ?? `code ${code}`);
  await reportOf(child, "made", ended);
  const frozen = (): boolean => /^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, "utf8"));
  const lapsed = new Promise<void>((resolve) => {
    child.on("message", ({ done }: Report) => void (done === "lapsed" && resolve()));
  });
  return {
    ended,
    lapsed,
    order(order) {
      const report = reportOf(child, order.do, ended);
      // One that has ended is told of by the report.
      child.send(order, () => undefined);
      return report;
    },
    freeze: () => {
      child.kill("SIGSTOP");
      while (!frozen());
    },
    frozen,
    thaw: () => void child.kill("SIGCONT"),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function reportOf(child: ChildProcess, done: Report["done"], ended: Promise<string>): Promise<Report> {
  const told = new Promise<Report>((resolve) => {
    const listen = (report: Report): void => {
      if (report.done !== done) return;
      child.off("message", listen);
      resolve(report);
    };
    child.on("message", listen);
  });
  return Promise.race([
    told,
    ended.then((how) => {
      throw new Error(`the worker ended (${how}) before it was done with ${done}`);
    }),
  ]);
}
