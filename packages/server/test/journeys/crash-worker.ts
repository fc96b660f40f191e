/**
 * A worker of its own process, for crash tests: HOLDFAST_HOME and DATABASE_URL say where. It begins when told `start`, and
 * `dieAt: n` makes it end itself by SIGKILL at the n-th journal point from then on, as a power cut would; `freezeAt` makes it
 * stand still at the first point that begins so, as a virtual machine that is moved does.
 */
import { createLog } from "../../src/platform/log.ts";
import { loadSettings } from "../../src/platform/settings.ts";
import { compose } from "../../src/apps/compose.ts";
import { crashLeaseMs, type Order, type Report } from "./worker-process.ts";

const never = 3_600_000;
let points: string[] = [];
let dieAt = Number.POSITIVE_INFINITY;
let freezeAt: string | undefined;

function atPoint(point: string): void {
  // A look writes nothing, and how often one comes is a matter of time.
  if (point.endsWith(" look")) return;
  points.push(point);
  if (points.length === dieAt) process.kill(process.pid, "SIGKILL");
  if (freezeAt === undefined || !point.startsWith(freezeAt)) return;
  freezeAt = undefined;
  process.kill(process.pid, "SIGSTOP");
}

const settings = loadSettings({ ...process.env, HOLDFAST_ROLES: "worker" });
const holdfast = await compose({
  settings,
  log: createLog({ level: "warn", to: { write: hearLapse } }),
  localRepositories: true,
  driftEveryMs: never,
  pollEveryMs: never,
  leaseMs: crashLeaseMs,
  atPoint,
});

/** That a lease ran out is known to this process alone. */
function hearLapse(line: string): void {
  if (line.includes("the lease ran out")) tell({ done: "lapsed", points });
}

function tell(report: Report): void {
  process.send?.(report);
}

async function obey(order: Order): Promise<void> {
  if (order.do === "start") await holdfast.start();
  if (order.do === "watch") {
    points = [];
    dieAt = order.dieAt ?? Number.POSITIVE_INFINITY;
    freezeAt = order.freezeAt;
  }
  tell({ done: order.do, points });
}

process.on("message", (order: Order) => void obey(order));
process.on("disconnect", () => process.exit());
tell({ done: "made", points });
