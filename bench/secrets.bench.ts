/**
 * Reveals at 200 a second while the key that seals is rotated and everything is sealed again, beside the same reads without a rotation.
 * `npm run bench -- secrets [rows] [reads per second]`. No peer: a Vault could not be had here.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAudit } from "../packages/server/src/core/audit/index.ts";
import { createSecrets, type Secrets } from "../packages/server/src/core/secrets/index.ts";
import { openDatabase } from "../packages/server/src/platform/db.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { prepareSchema } from "../packages/server/src/platform/schema.ts";

const rows = Number(process.argv[2] ?? 10_000);
const readsPerSecond = Number(process.argv[3] ?? 200);
const leastSeconds = 5;
const by = { actor: "system:bench" };

interface Reads {
  done: number;
  errors: number;
  seconds: number;
  /** Milliseconds, sorted. */
  took: number[];
}

/** Reads at an even pace, whether earlier ones have answered or not, until `until` settles and the least time has passed. */
async function readWhile(readers: Secrets[], until: Promise<unknown>): Promise<Reads> {
  const reads: Reads = { done: 0, errors: 0, seconds: 0, took: [] };
  const begun = performance.now();
  const [flying, state] = [new Set<Promise<void>>(), { over: false }];
  const finish = (): void => void (state.over = true);
  void until.then(finish, finish);
  for (let asked = 0; !state.over || performance.now() - begun < leastSeconds * 1000; asked++) {
    const dueMs = begun + (asked * 1000) / readsPerSecond - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const one = read(readers[asked % readers.length]!, `secret-${(asked * 7919) % rows}`, reads).finally(() => flying.delete(one));
    flying.add(one);
  }
  await Promise.all(flying);
  reads.seconds = (performance.now() - begun) / 1000;
  reads.took.sort((left, right) => left - right);
  return reads;
}

async function read(secrets: Secrets, name: string, reads: Reads): Promise<void> {
  const begun = performance.now();
  try {
    const value = await secrets.reveal(name, { ...by, purpose: "bench" });
    if (!("password" in value) || value.password !== name) throw new Error("another secret's value");
    reads.done += 1;
    reads.took.push(performance.now() - begun);
  } catch (thrown) {
    reads.errors += 1;
    console.error(thrown);
  }
}

function print(what: string, { done, errors, seconds, took }: Reads): void {
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? 0).toFixed(1).padStart(6);
  console.log(
    `${what.padEnd(22)}${(done / seconds).toFixed(0).padStart(6)} reads/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  errors ${errors}`,
  );
}

const home = mkdtempSync(join(tmpdir(), "holdfast-bench-secrets-"));
const database = await openDatabase({ home, log: silentLog });
try {
  await prepareSchema({ database, log: silentLog });
  const audit = createAudit({ db: database.db });
  const open = () => createSecrets({ db: database.db, audit, keys: { file: join(home, "keys.json") }, log: silentLog });
  // Two that share the database and the file: one rotates, the other is not told.
  const [secrets, elsewhere] = [await open(), await open()];
  const names = Array.from({ length: rows }, (_, i) => `secret-${i}`);
  const fill = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop())
      await secrets.create({ name, value: { kind: "password", username: "admin", password: name } }, by);
  };
  const made = performance.now();
  await Promise.all(Array.from({ length: 8 }, fill));
  console.log(
    `${rows} secrets made in ${((performance.now() - made) / 1000).toFixed(1)} s (${(rows / ((performance.now() - made) / 1000)).toFixed(0)}/s, each with its audit entry)`,
  );
  print("without a rotation", await readWhile([secrets, elsewhere], Promise.resolve()));
  const [resealed, begun] = [{ rows: 0, rotations: 0, seconds: 0 }, performance.now()];
  const rotating = (async () => {
    for (; performance.now() - begun < leastSeconds * 1000; resealed.rotations++) {
      await secrets.rotate(by);
      resealed.rows += await secrets.reseal();
    }
    resealed.seconds = (performance.now() - begun) / 1000;
  })();
  const during = await readWhile([secrets, elsewhere], rotating);
  await rotating;
  print("during rotations", during);
  const { rows: done, rotations, seconds } = resealed;
  console.log(`${done} rows sealed again by ${rotations} rotations in ${seconds.toFixed(1)} s (${(done / seconds).toFixed(0)} rows/s)`);
  const { stale } = await secrets.rotation();
  if (during.errors > 0 || stale.some(({ rows: left }) => left > 0)) process.exitCode = 1;
} finally {
  await database.stop();
  rmSync(home, { recursive: true, force: true });
}
