import { createHash, createHmac, generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { chainText, checkpointText, genesis, type Checkpoint, type TrailEntry } from "./trail.ts";
import { readCheckpoints, verifyTrail, type TrailCrypto, type TrailPerson } from "./trail-verify.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const pseudonymOf = (name: string, key: string) => createHmac("sha256", Buffer.from(key, "base64")).update(name).digest("hex").slice(0, 32);
const [ours, next, eves] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
const given = new Map([
  ["ours", ours.publicKey],
  ["next", next.publicKey],
]);
const crypto: TrailCrypto = {
  sha256,
  pseudonymOf,
  signed(keyId, text, signature) {
    const key = given.get(keyId);
    return key === undefined ? "unknown key" : verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
  },
};

function hashed(texts: readonly string[], from = { seq: 0, hash: genesis }): TrailEntry[] {
  let { hash } = from;
  return texts.map((canonical, at) => {
    const seq = from.seq + at + 1;
    hash = sha256(chainText(seq, hash, canonical));
    return { seq, hash, canonical };
  });
}

function signedAt(entries: TrailEntry[], seqs: number[], key = ours, keyId = "ours"): Checkpoint[] {
  return seqs.map((seq, at) => {
    const facts = { no: at + 1, seq, hash: entries[seq - 1]?.hash ?? "", at: `2026-01-01T00:0${at}:00.000Z`, keyId };
    return { ...facts, signature: sign(null, Buffer.from(checkpointText(facts)), key.privateKey).toString("base64") };
  });
}

interface Trail {
  entries: TrailEntry[];
  checkpoints: Checkpoint[];
  people: TrailPerson[];
  extra?: string[];
}

const texts = Array.from({ length: 12 }, (_, at) =>
  JSON.stringify({ v: 2, actor: "user:ada", action: "devices.device.update", n: at + 1 }),
);
function trail(): Trail {
  const entries = hashed(texts);
  const key = Buffer.alloc(32, 5).toString("base64");
  return { entries, checkpoints: signedAt(entries, [4, 8, 10]), people: [{ pseudonym: pseudonymOf("ada", key), name: "ada", key }] };
}
const linesOf = ({ people, entries, extra = [] }: Trail) => [...people, ...entries].map((one) => JSON.stringify(one)).concat(extra);
const check = (one: Trail) => verifyTrail({ lines: linesOf(one), checkpoints: one.checkpoints, crypto });

describe("an export with its checkpoints and the public key", () => {
  test("holds, and says how far it is signed", async () => {
    const found = await check(trail());
    expect(found).toMatchObject({ ok: true, entries: 12, signedUntil: 10 });
    expect(found.say).toContain("2 came after it");
  });

  describe("where one key takes over from another", () => {
    const announcing = (no: number) =>
      texts.with(no - 1, JSON.stringify({ v: 2, actor: "user:ada", action: "audit.signing_key.rotate", after: { keyId: "next" } }));
    const signedByTwo = (entries: TrailEntry[]): Checkpoint[] => {
      const [old, young] = [signedAt(entries, [4, 8, 10]), signedAt(entries, [4, 8, 10], next, "next")];
      return [...old.slice(0, 2), ...young.slice(2)];
    };
    const checkWith = (lines: string[], from = 0) => {
      const entries = hashed(lines);
      return verifyTrail({
        lines: entries.slice(from).map((one) => JSON.stringify(one)),
        checkpoints: signedByTwo(entries),
        crypto,
      });
    };

    test("holds when an entry under the old one's last checkpoint says so", async () => {
      expect(await checkWith(announcing(8))).toMatchObject({ ok: true, signedUntil: 10 });
    });

    test.each([
      ["nobody said so", texts],
      ["only an entry that the old one never signed says so", announcing(9)],
    ])("does not hold when %s", async (_, lines) => {
      const say = expect.stringContaining("no entry under checkpoint 2 says that it takes over from ours") as string;
      expect(await checkWith(lines)).toMatchObject({ ok: false, brokenAt: 10, say });
    });

    test("is not asked of entries that are elsewhere", async () => {
      expect(await checkWith(texts, 8)).toMatchObject({ ok: true, entries: 4 });
    });
  });

  test("without checkpoints holds, and says what would not show", async () => {
    const found = await check({ ...trail(), checkpoints: [] });
    expect(found).toMatchObject({ ok: true, signedUntil: 0, say: expect.stringContaining("hashed anew") });
  });

  test("that begins after an archive holds from the checkpoint there, and not without it", async () => {
    const one = trail();
    expect(await check({ ...one, entries: one.entries.slice(4) })).toMatchObject({ ok: true, entries: 8 });
    expect(await check({ ...one, entries: one.entries.slice(5) })).toMatchObject({ ok: false, brokenAt: 1 });
    expect(await check({ ...one, entries: one.entries.slice(4), checkpoints: [] })).toMatchObject({ ok: false, brokenAt: 1 });
  });

  test("of nothing is nothing, unless something was signed", async () => {
    expect(await check({ entries: [], checkpoints: [], people: [] })).toMatchObject({ ok: true, entries: 0 });
    expect(await check({ ...trail(), entries: [] })).toMatchObject({ ok: false, brokenAt: 1 });
  });
});

const at = (one: Trail, seq: number): TrailEntry => one.entries[seq - 1] ?? { seq: 0, hash: "", canonical: "" };
const mark = (one: Trail, no: number): Checkpoint => one.checkpoints[no - 1] as Checkpoint;
/** Somebody with all rights in the database changes an entry and hashes everything after it anew. */
function rehashFrom(one: Trail, seq: number): void {
  const changed = one.entries.map((entry) => (entry.seq === seq ? entry.canonical.replace("ada", "eve") : entry.canonical));
  one.entries = hashed(changed);
}

const tamperings: [what: string, tamper: (one: Trail) => void, brokenAt: number][] = [
  ["a changed text", (one) => void (at(one, 5).canonical += " "), 5],
  ["a changed hash", (one) => void (at(one, 5).hash = "a".repeat(64)), 5],
  ["a changed number", (one) => void (at(one, 5).seq = 6), 5],
  ["a changed first entry", (one) => void (at(one, 1).canonical = "{}"), 1],
  ["a changed last entry", (one) => void (at(one, 12).canonical = "{}"), 12],
  ["an entry taken out", (one) => void one.entries.splice(4, 1), 5],
  ["entries taken out", (one) => void one.entries.splice(4, 3), 5],
  ["the first one taken out", (one) => void one.entries.splice(0, 1), 1],
  ["an entry put in", (one) => void one.entries.splice(4, 0, { ...at(one, 4), canonical: "{}" }), 4],
  ["an entry there twice", (one) => void one.entries.splice(5, 0, at(one, 5)), 5],
  ["two in each other's place", (one) => void one.entries.splice(4, 2, at(one, 6), at(one, 5)), 5],
  ["an entry numbered 0 before the first", (one) => void one.entries.unshift({ ...at(one, 1), seq: 0 }), 1],
  ["a cut end that was signed", (one) => void one.entries.splice(9), 10],
  ["a cut end that was signed twice", (one) => void one.entries.splice(6), 7],
  ["an entry taken out and all hashed anew", (one) => void (one.entries = hashed(texts.toSpliced(4, 1))), 8],
  ["a changed entry and all hashed anew", (one) => rehashFrom(one, 6), 8],
  ["the first entry changed and all hashed anew", (one) => rehashFrom(one, 1), 4],
  ["the signed entry changed and all hashed anew", (one) => rehashFrom(one, 10), 10],
  ["all hashed anew, and a checkpoint's hash with it", (one) => (rehashFrom(one, 6), void (mark(one, 2).hash = at(one, 8).hash)), 8],
  [
    "all hashed anew and signed with another key under our name",
    (one) => (rehashFrom(one, 1), void (one.checkpoints = signedAt(one.entries, [4, 8], eves))),
    4,
  ],
  [
    "all hashed anew and signed with a key of its own",
    (one) => (rehashFrom(one, 1), void (one.checkpoints = signedAt(one.entries, [4], eves, "eve"))),
    4,
  ],
  ["a checkpoint taken out", (one) => void one.checkpoints.splice(1, 1), 5],
  ["a checkpoint put to another entry", (one) => void (mark(one, 2).seq = 7), 7],
  ["a checkpoint with another time", (one) => void (mark(one, 3).at = "2020-01-01T00:00:00.000Z"), 10],
  ["a checkpoint with another number", (one) => void (mark(one, 3).no = 4), 10],
  ["a checkpoint there twice", (one) => void one.checkpoints.push(mark(one, 3)), 11],
  ["a signature of another checkpoint", (one) => void (mark(one, 2).signature = mark(one, 1).signature), 8],
  ["no signature", (one) => void (mark(one, 1).signature = ""), 4],
  ["a line that is no entry", (one) => void (one.extra = ['{"seq":13}']), 13],
  ["a line that is no JSON", (one) => void (one.extra = ["x"]), 13],
  ["another name behind a pseudonym", (one) => void ((one.people[0] as TrailPerson).name = "eve"), 1],
];

describe(`${tamperings.length} kinds of tampering are found, at their place:`, () => {
  test.each(tamperings)("%s", async (_what, tamper, brokenAt) => {
    const one = trail();
    tamper(one);
    const found = await check(one);
    expect(found).toMatchObject({ ok: false, brokenAt });
    expect(found.say).not.toBe("");
  });
});

test("a file of checkpoints is read whole, and what is none is told by its line", () => {
  const { checkpoints } = trail();
  expect(readCheckpoints(checkpoints.map((one) => `${JSON.stringify(one)}\n`).join(""))).toEqual(checkpoints);
  expect(() => readCheckpoints(`${JSON.stringify(checkpoints[0])}\n{"no":2}\n`)).toThrow("line 2");
});
