import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { isProblem } from "@holdfast/kit";
import { openDatabase } from "./db.ts";
import { silentLog } from "./log.ts";

// A small disk of its own needs the right to mount one.
const disk = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=160m,mode=755", "holdfast-test", disk]).status === 0;
afterAll(async () => {
  if (mounted) spawnSync("umount", ["--lazy", disk]);
  await rm(disk, { recursive: true, force: true });
});

describe.runIf(mounted)("a full disk", () => {
  test("is told as what it is; what was acknowledged is there, and work goes on once there is space", async () => {
    const ballast = join(disk, "ballast");
    await writeFile(ballast, Buffer.alloc(40 * 2 ** 20));
    const database = await openDatabase({ home: join(disk, "home"), log: silentLog });
    try {
      const owner = new pg.Client({ connectionString: database.ownerUrl });
      await owner.connect();
      await owner.query("create table filler (n int, text text); grant all on filler to public");
      await owner.end();
      let acknowledged = 0;
      const fill = async (): Promise<void> => {
        const random = sql`(select string_agg(md5(random()::text), '') from generate_series(1, 8192))`;
        await sql`insert into filler values (${acknowledged + 1}, ${random})`.execute(database.db);
        acknowledged += 1;
      };
      const thrown: unknown[] = [];
      for (let n = 0; n < 2_000 && thrown.length === 0; n++) await fill().catch((error: unknown) => thrown.push(error));
      const codes = thrown.map((error) => isProblem(error) && error.code);
      expect(["database_disk_full", "database_unavailable"]).toContain(codes[0]);

      await rm(ballast);
      await expect.poll(() => fill().then(() => "stored", String), { timeout: 25_000 }).toBe("stored");
      const { rows } = await sql`select count(distinct n) as stored from filler`.execute(database.db);
      expect(rows).toEqual([{ stored: acknowledged }]);
    } finally {
      await database.stop();
    }
  });
});
