/** The authorities: made, followed by others, retired. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { PkiStatus } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import { issuerOf, publishCrl } from "./crl.ts";
import { dayMs, earlyMs, type Parts } from "./deps.ts";
import { makeIntermediate, makeRoot } from "./make.ts";
import { checkTrustDomain } from "./names.ts";
import { notReady, rootAway } from "./problems.ts";
import * as store from "./store.ts";
import type { AuthorityTable } from "./tables.ts";
import { authorityView } from "./view.ts";
import { pkcs8Of, signingKey, spkiOf } from "./x509.ts";

const rootDays = 3650;
export const intermediateDays = 1825;

/** P-256 is what every TLS and X.509 peer takes. */
const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

export function createAuthorities(parts: Parts) {
  const { db, audit, clock } = parts;

  async function status(): Promise<PkiStatus> {
    const rows = await store.authorities(db);
    const issuing = rows.find(({ role, issuing }) => role === "intermediate" && issuing);
    return {
      ready: issuing !== undefined,
      ...(issuing ? { trustDomain: issuing.trust_domain } : {}),
      authorities: rows.filter(({ retired_at }) => retired_at === null).map(authorityView),
      certificates: await store.countStates(db, new Date(clock.now())),
    };
  }

  return {
    status,
    ...createChanges(parts, status),

    async init({ trustDomain, name }: { trustDomain: string; name: string }, by: By): Promise<PkiStatus> {
      checkTrustDomain(trustDomain);
      await inTransaction(db, async (tx) => {
        if ((await store.lockAuthorities(tx)).some(({ role, retired_at }) => role !== "ssh" && retired_at === null)) throw thereIsOne();
        const key = newKey();
        const nowMs = clock.now();
        const term = { notBefore: new Date(nowMs - earlyMs), notAfter: new Date(nowMs + rootDays * dayMs) };
        const rootName = `${name} root`;
        const certificate = await makeRoot({ name: rootName, organization: trustDomain, publicKey: spkiOf(key), ...term }, signingKey(key));
        const root = newRow(parts, { id: newId("ca", nowMs), role: "root", name: rootName, key, certificate, trustDomain, ...term });
        await store.insertAuthority(tx, root);
        await publishCrl(parts, tx, root);
        const intermediate = await addIntermediate(parts, tx, root);
        const after = { trustDomain, root: root.id, intermediate: intermediate.id, ssh: await ensureSsh(parts, tx, trustDomain) };
        await audit.record(tx, { ...by, action: "pki.authority.init", subject: `authority:${root.id}`, after });
      });
      return status();
    },
  };
}

function createChanges(parts: Parts, status: () => Promise<PkiStatus>) {
  const { db, audit, clock } = parts;

  return {
    async rotateIntermediate(by: By): Promise<PkiStatus> {
      await inTransaction(db, async (tx) => {
        const all = await store.lockAuthorities(tx);
        const root = all.find(({ role, issuing }) => role === "root" && issuing);
        if (!root) throw notReady();
        if (root.sealed_key === null) throw rootAway();
        const before = all.find(({ role, issuing }) => role === "intermediate" && issuing);
        const after = await addIntermediate(parts, tx, root);
        const facts = { before: { issuing: before?.id }, after: { issuing: after.id } };
        await audit.record(tx, { ...by, ...facts, action: "pki.authority.rotate", subject: `authority:${after.id}` });
      });
      return status();
    },

    async retire(id: string, by: By): Promise<PkiStatus> {
      await inTransaction(db, async (tx) => {
        const all = await store.lockAuthorities(tx);
        const one = all.find((row) => row.id === id && row.retired_at === null);
        if (!one) throw new Problem("pki_authority_missing", { kind: "missing", say: `There is no authority with the id "${id}".` });
        if (one.issuing) throw issuesNow(one);
        const above = all.find((row) => row.id === one.parent_id);
        if (one.role === "intermediate" && above && above.sealed_key === null) throw rootAway();
        const under = all.filter((row) => row.parent_id === id && row.retired_at === null);
        if (under.some(({ issuing }) => issuing)) throw issuesNow(one);
        for (const row of [one, ...under]) await store.updateAuthority(tx, row.id, { retired_at: new Date(clock.now()), sealed_key: null });
        if (above && above.retired_at === null) await publishCrl(parts, tx, above);
        await audit.record(tx, { ...by, action: "pki.authority.retire", subject: `authority:${id}`, before: { name: one.name } });
      });
      return status();
    },
  };
}

async function addIntermediate(parts: Parts, tx: Tx, root: AuthorityTable): Promise<AuthorityTable> {
  const key = newKey();
  const nowMs = parts.clock.now();
  const ends = Math.min(nowMs + intermediateDays * dayMs, root.not_after?.getTime() ?? Infinity);
  const term = { notBefore: new Date(nowMs - earlyMs), notAfter: new Date(ends) };
  const id = newId("ca", nowMs);
  const name = `${root.name.replace(/ root$/, "")} intermediate ${id.slice(-6)}`;
  const certificate = await makeIntermediate(
    { name, organization: root.trust_domain, publicKey: spkiOf(key), ...term },
    issuerOf(parts, root),
  );
  await store.stopIssuing(tx, "intermediate");
  const row = newRow(parts, { id, role: "intermediate", name, key, certificate, trustDomain: root.trust_domain, ...term });
  const kept = { ...row, parent_id: root.id };
  await store.insertAuthority(tx, kept);
  await publishCrl(parts, tx, kept);
  return kept;
}

/** The SSH authority, made when there is none; its id. */
export async function ensureSsh(parts: Parts, tx: Tx, trustDomain: string): Promise<string> {
  const there = await store.issuingAuthority(tx, "ssh");
  if (there) return there.id;
  const row = newSshRow(parts, trustDomain);
  await store.insertAuthority(tx, row);
  return row.id;
}

/** An SSH authority that signs from now on. */
export function newSshRow(parts: Parts, trustDomain: string): AuthorityTable {
  const nowMs = parts.clock.now();
  const id = newId("ca", nowMs);
  const key = generateKeyPairSync("ed25519").privateKey;
  const name = `SSH users ${id.slice(-6)}`;
  return newRow(parts, { id, role: "ssh", name, key, certificate: null, trustDomain, notBefore: new Date(nowMs) });
}

interface NewAuthority {
  id: string;
  role: AuthorityTable["role"];
  name: string;
  key: KeyObject;
  certificate: Buffer | null;
  trustDomain: string;
  notBefore: Date;
  notAfter?: Date;
}

/** The row of an authority that issues from now on, its key sealed. */
function newRow({ secrets, clock }: Parts, made: NewAuthority): AuthorityTable {
  const { id, role, name, key, certificate, trustDomain, notBefore, notAfter = null } = made;
  return {
    id,
    role,
    name,
    parent_id: null,
    trust_domain: trustDomain,
    origin: "made",
    certificate,
    public_key: spkiOf(key),
    sealed_key: secrets.seal(store.keyPlace(id), pkcs8Of(key)),
    issuing: true,
    not_before: notBefore,
    not_after: notAfter,
    created_at: new Date(clock.now()),
    retired_at: null,
    crl: null,
    crl_number: 0,
    crl_this_update: null,
    crl_next_update: null,
  };
}

function thereIsOne(): Problem {
  return new Problem("pki_there_already", {
    kind: "conflict",
    say: "There are authorities already; make a new intermediate with `holdfast pki rotate-intermediate`.",
  });
}

function issuesNow({ name }: AuthorityTable): Problem {
  return new Problem("pki_authority_issuing", {
    kind: "conflict",
    say: `"${name}" is in use for what is issued now; make another one first.`,
  });
}
