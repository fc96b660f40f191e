/**
 * Brings every checkpoint to the syslog server, in order. The database has them all, so it is the queue; a file beside theirs says how far
 * the server has them. What it does not take is tried again, later and later up to a minute; some may arrive twice, none is left out.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Checkpoint, Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Log } from "#platform/log";
import type { Syslog } from "#platform/syslog";
import { checkpointOf } from "./checkpoint-row.ts";
import { checkpointsAfter, lastCheckpoint } from "./store-checkpoints.ts";

export interface DeliveryDeps {
  db: Db;
  syslog: Syslog;
  log: Log;
  clock: Clock;
  /** Path of the file that says how far. */
  file: string;
  /** Called with how many went, or did not go, each time. */
  counted(outcome: "sent" | "not_sent", count: number): void;
}

export interface Delivery {
  /** Sends what the server lacks. Never throws for the server; with `now` false only when it is time to try again. */
  deliver(now?: boolean): Promise<void>;
  /** Undefined: the server has all. */
  waiting(): Promise<{ count: number; since: Date } | undefined>;
}

/** Of one connection. */
const mostAtOnce = 500;
const [firstWaitMs, longestWaitMs] = [1000, 60_000];

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { db, syslog, log, clock, file, counted } = deps;
  let trying: { waitMs: number; againMs: number } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** A server that is named for the first time gets the newest one and what follows; so does one that had more than there is in a restored database. */
  async function sentUntil(newest: number): Promise<number> {
    const text = await readFile(file, "utf8").catch((thrown: unknown) => {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return "";
      throw thrown;
    });
    const until = /^\d+$/.test(text.trim()) ? Number(text) : Infinity;
    if (until <= newest) return until;
    await remember(Math.max(0, newest - 1));
    return Math.max(0, newest - 1);
  }

  async function remember(no: number): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.part`, `${no}\n`, { mode: 0o600 });
    await rename(`${file}.part`, file);
  }

  async function deliverAll(): Promise<void> {
    const newest = (await lastCheckpoint(db))?.no ?? 0;
    for (let until = await sentUntil(newest); until < newest;) {
      const lacking = (await checkpointsAfter(db, until, mostAtOnce)).map(checkpointOf);
      if (!(await send(lacking))) return;
      until = lacking.at(-1)?.no ?? newest;
      await remember(until);
    }
  }

  async function send(lacking: Checkpoint[]): Promise<boolean> {
    try {
      await syslog.send(lacking.map(messageOf));
    } catch (err) {
      counted("not_sent", lacking.length);
      const waitMs = Math.min(longestWaitMs, (trying?.waitMs ?? firstWaitMs / 2) * 2);
      if (!trying) log.error({ err, waiting: lacking.length }, "the syslog server does not take checkpoints of the audit trail; they wait");
      trying = { waitMs, againMs: clock.now() + waitMs };
      return false;
    }
    counted("sent", lacking.length);
    if (trying) log.info({ sent: lacking.length }, "the syslog server takes checkpoints of the audit trail again");
    trying = undefined;
    return true;
  }

  return {
    deliver(now = false) {
      const mine = turn.then(async () => {
        if (now || trying === undefined || clock.now() >= trying.againMs) await deliverAll();
      });
      turn = mine.catch(() => undefined);
      return mine;
    },
    async waiting() {
      const newest = (await lastCheckpoint(db))?.no ?? 0;
      const until = await sentUntil(newest);
      const [oldest] = until < newest ? await checkpointsAfter(db, until, 1) : [];
      return oldest && { count: newest - until, since: oldest.at };
    },
  };
}

function messageOf(made: Checkpoint): Parameters<Syslog["send"]>[0][number] {
  const { no, seq, ...texts } = made;
  const facts = { no: String(no), seq: String(seq), ...texts };
  return { severity: "notice", at: new Date(made.at), messageId: "AUDITCHECKPOINT", facts, text: JSON.stringify(made) };
}
