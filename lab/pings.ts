/** Pings between the far ends, all the time, counted by act: what the network's users would have noticed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Lab } from "./lab.ts";
import { into } from "./network.ts";

const everyMs = 100;

export interface Loss {
  from: string;
  to: string;
  sent: number;
  lost: number;
}

/** Starts pinging; the function ends it and counts. */
export async function startPings(lab: Lab): Promise<() => Promise<Loss[]>> {
  const running = await Promise.all(
    lab.topology.farEnds.map(async ({ from, to, address }) => {
      const source = lab.topology.routers.find((router) => router.name === from)?.loopback ?? "";
      const words = ["ping", "-n", "-q", "-i", String(everyMs / 1000), "-I", source, address];
      const child = spawn("nsenter", [...(await into(lab.holders[from] ?? 0)), ...words], { stdio: ["ignore", "pipe", "ignore"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      return { child, ended: once(child, "close"), loss: () => lossIn(said, from, to) };
    }),
  );
  return async () => {
    for (const { child } of running) await interrupt(child.pid ?? 0);
    await Promise.all(running.map(({ ended }) => ended));
    return running.map(({ loss }) => loss());
  };
}

/** nsenter waits for the ping that it started in the other process namespace: the ping is told to sum up. */
async function interrupt(pid: number): Promise<void> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
  for (const child of children.length > 0 ? children.map(Number) : [pid]) process.kill(child, "SIGINT");
}

/** The last packet may be under way still: it counts as neither sent nor lost. */
function lossIn(said: string, from: string, to: string): Loss {
  const [, sent = "0", received = "0"] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
  const lost = Math.max(0, Number(sent) - Number(received));
  return { from, to, sent: Number(sent), lost };
}

export function sum(losses: readonly Loss[]): { sent: number; lost: number } {
  return losses.reduce((all, { sent, lost }) => ({ sent: all.sent + sent, lost: all.lost + lost }), { sent: 0, lost: 0 });
}
