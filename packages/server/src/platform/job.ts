/** What a job is: its name, its payload's shape, how it is retried, and what it does. */
import { Problem } from "@holdfast/kit";
import type { z } from "zod";
import type { Log } from "./log.ts";

export interface JobContext {
  id: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** Aborted when the job's time is up or the process ends. */
  signal: AbortSignal;
  log: Log;
}

export interface Job<Payload extends object = object> {
  /** `<module>.<what it does>`, e.g. `devices.back-up`. */
  name: string;
  payload: z.ZodType<Payload>;
  /** Waits double from `baseMs`, with jitter, up to `maxMs`; whole seconds. Three attempts from 2 s on unless told. */
  retry?: { attempts: number; baseMs: number; maxMs?: number };
  /** How long one attempt may take; 15 min unless told. */
  timeoutMs?: number;
  /** Runs by itself (cron, UTC). A run that was missed while nothing ran is made up for once. */
  schedule?: { cron: string; payload: Payload };
  /** How many run at one time in one process; 1 unless told. */
  concurrency?: number;
  /** Jobs carry a key: of one key at most one waits and at most one runs. */
  keyed?: boolean;
  /** May run more than once for one job. */
  handler(payload: Payload, context: JobContext): Promise<void>;
}

/** Gives a job's shape its type; the list of them goes to `start`. */
export function defineJob<Payload extends object>(job: Job<Payload>): Job<Payload> {
  return job;
}

/** The payload in its shape. @throws Problem `platform_job_payload`. */
export function checkPayload<Payload extends object>(job: Job<Payload>, payload: unknown): Payload {
  const parsed = job.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new Problem("platform_job_payload", {
    kind: "broken",
    say: `The payload of the job ${job.name} has the wrong shape.`,
    because: parsed.error,
  });
}
