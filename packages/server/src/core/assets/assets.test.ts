import { parseSelector, type Labels } from "@holdfast/kit";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inTransaction } from "#platform/db";
import { can, type Access, type Reach } from "#platform/reach";
import { testDatabase, type TestDatabase } from "#test/database";
import { fitting, inReach, putAsset, reached, removeAsset } from "./index.ts";

const keys = ["site", "role", "tier", "rack.a/b-1"];
const values = ["lyon", "turin", "", "it's", 'say "hi"', "%_\\", "Zürich", "💡", "{}", "null"];
const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 4 });
// What cannot be kept can be asked for all the same.
const asked = fc.constantFrom(...values, "nowhere", "nul\0", "\ud83d");
const term = fc.oneof(
  fc.record({ key: fc.constantFrom(...keys, "other"), op: fc.constantFrom("in", "notin"), values: fc.array(asked, { maxLength: 3 }) }),
  fc.record({ key: fc.constantFrom(...keys, "other"), op: fc.constantFrom("exists", "absent") }),
);
const reaches = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.array(term, { minLength: 1, maxLength: 3 }), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant("everywhere" as const) },
) as fc.Arbitrary<Reach>;

let database: TestDatabase;
let assets: Map<string, Labels>;
beforeAll(async () => {
  database = await testDatabase();
  assets = new Map(fc.sample(labels, { numRuns: 150, seed: 7 }).map((one, i) => [`dev_${i}`, { ...one }]));
  await inTransaction(database.db, async (tx) => {
    for (const [id, one] of assets) await putAsset(tx, { id, kind: "device", labels: one });
  });
});
afterAll(() => database.drop());

test("what PostgreSQL finds in reach is what the permission counts for, whatever the labels and selectors", async () => {
  await fc.assert(
    fc.asyncProperty(reaches, async (reach) => {
      const access: Access = new Map([["devices:read", reach]]);
      const wanted = [...assets].filter(([, one]) => can({ access }, "devices:read", one)).map(([id]) => id);
      expect([...(await reached(database.db, reach, [...assets.keys()]))].sort()).toEqual(wanted.sort());
    }),
    { numRuns: 150 },
  );
});

test("as a condition of another query it says the same, and of an id that is no asset only: everywhere", async () => {
  const lyon: Reach = [parseSelector("site=lyon")];
  const seen = async (condition: ReturnType<typeof inReach>): Promise<string[]> => {
    const from = sql<{ id: string }>`select id from (values ('dev_lyon'), ('dev_turin'), ('rep_1')) as t (id) where ${condition}`;
    return (await from.execute(database.db)).rows.map(({ id }) => id);
  };
  await inTransaction(database.db, async (tx) => {
    await putAsset(tx, { id: "dev_lyon", kind: "device", labels: { site: "lyon" } });
    await putAsset(tx, { id: "dev_turin", kind: "device", labels: { site: "turin" } });
  });
  expect(await seen(inReach(lyon, sql.ref("t.id")))).toEqual(["dev_lyon"]);
  expect(await seen(inReach([], sql.ref("t.id")))).toEqual([]);
  expect(await seen(inReach("everywhere", sql.ref("t.id")))).toEqual(["dev_lyon", "dev_turin", "rep_1"]);
  expect(await seen(fitting(parseSelector("site!=lyon"), sql.ref("t.id")))).toEqual(["dev_turin"]);
});

test("a change of labels counts at once; what is removed keeps its last ones", async () => {
  const turin: Reach = [parseSelector("site=turin")];
  const isThere = async () => (await reached(database.db, turin, ["dev_moving"])).size > 0;
  const put = (site: string) => inTransaction(database.db, (tx) => putAsset(tx, { id: "dev_moving", kind: "device", labels: { site } }));
  await put("lyon");
  expect(await isThere()).toBe(false);
  await put("turin");
  expect(await isThere()).toBe(true);
  await inTransaction(database.db, (tx) => removeAsset(tx, "dev_moving", new Date()));
  expect(await isThere()).toBe(true);
});
