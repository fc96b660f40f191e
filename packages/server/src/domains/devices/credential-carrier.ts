/**
 * The carrier of credential exchanges: how a device gets from one version of its secret to another, and nobody is locked out at any
 * moment. A key is added beside the old one, proved through a new connection, and then the old one is removed and seen to be refused. A
 * device has one password: it is exchanged under an armed dead-man's switch. What Holdfast signs in with (the pin) moves in between, when
 * both work or the new one is proved; whatever was interrupted, one of the two versions works, and both are known.
 */
import { isProblem, type Clock } from "@holdfast/kit";
import { z } from "zod";
import type { Applied, Carrier, CarrierLook, CarrierStep, Change, Confirmed, Observed, Prepared, Reverted, Verified } from "#core/rollout";
import type { Secrets } from "#core/secrets";
import { inTransaction, type Db } from "#platform/db";
import { deviceOf, guarded, save, stay, tokenOf } from "./carrying.ts";
import { credentialChange, credentialCommands } from "./credential-change.ts";
import { credentialKind, credentialPayload, type CredentialPayload } from "./credential-payload.ts";
import { DeviceError } from "./drivers/error.ts";
import type { Expectations } from "./expectations.ts";
import type { DeviceSession } from "./platforms/index.ts";
import { isSignInRefused, type Sessions } from "./sessions.ts";
import { pinnedVersion, pinVersion, unpin } from "./store-credentials.ts";
import type { DeviceRow } from "./store.ts";
import type { Versions } from "./versions.ts";

type Step = CarrierStep<CredentialPayload>;
type Look = CarrierLook<CredentialPayload>;

const memo = z.object({
  /** The configuration kept before, where the account stands in it. */
  version: z.string().optional(),
  expected: z.object({ expected_hash: z.string().nullable(), expected_version: z.string().nullable() }).optional(),
  /** Set before the new version is what we sign in with: from then on it may have been saved on the device. */
  moved: z.boolean(),
});
type Memo = z.infer<typeof memo>;

export interface CredentialCarrierDeps {
  db: Db;
  secrets: Pick<Secrets, "find" | "reveal">;
  sessions: Sessions;
  versions: Pick<Versions, "open">;
  expectations: Expectations;
  clock: Clock;
  /** How long a device waits for the confirmation of a password before it takes the old one back; 5 min unless told. */
  switchMs?: number;
}

export function createCredentialCarrier(deps: CredentialCarrierDeps): Carrier<CredentialPayload> {
  return {
    kind: credentialKind,
    payload: credentialPayload,
    stay,
    ...guarded<CredentialPayload>({
      prepare: (step) => prepare(deps, step),
      apply: (step, touch) => apply(deps, step, touch),
      verify: (step) => verify(deps, step),
      confirm: (step) => confirm(deps, step),
      revert: (step) => revert(deps, step),
      observe: (look) => observe(deps, look),
      back: (look) => back(deps, look),
    }),
    describe: ({ payload }) => ({ commands: credentialCommands(payload) }),
  };
}

/** The version that we sign in to the device with. */
async function versionOf({ db, secrets }: CredentialCarrierDeps, device: DeviceRow, secret: string): Promise<number> {
  return (await pinnedVersion(db, device.id, secret)) ?? (await secrets.find(secret)).version;
}

async function moveTo(deps: CredentialCarrierDeps, step: Step, version: number): Promise<void> {
  const { secret } = step.change.payload;
  const device = step.change.target.id;
  const newest = (await deps.secrets.find(secret)).version;
  await step.stillMine();
  await inTransaction(deps.db, (tx) =>
    version === newest ? unpin(tx, device) : pinVersion(tx, { device, secret, version, at: new Date(deps.clock.now()) }),
  );
}

async function prepare(deps: CredentialCarrierDeps, step: Step): Promise<Prepared> {
  const { secret, from, to } = step.change.payload;
  const device = await deviceOf(deps, step);
  const has = device.credential === secret ? await versionOf(deps, device, secret) : undefined;
  if (has === to) return { outcome: "unchanged" };
  if (has !== from) return { outcome: "refused", say: "it signs in with another credential since this was planned; plan again" };
  try {
    return await deps.sessions.use(device, { signal: step.signal, version: from, mayBeRefused: true }, (session) =>
      fit(deps, step, session),
    );
  } catch (thrown) {
    if (!isSignInRefused(thrown) || !(await deps.sessions.accepts(device, { version: to, signal: step.signal }))) throw thrown;
    // Somebody brought the new one there by hand.
    await moveTo(deps, step, to);
    return { outcome: "unchanged" };
  }
}

async function fit(deps: CredentialCarrierDeps, step: Step, session: DeviceSession): Promise<Prepared> {
  const { keys } = step.change.payload;
  const unfit = await session.account.unfit(keys === undefined ? "password" : "ssh_key", keys?.to);
  if (unfit !== undefined) return { outcome: "refused", say: unfit };
  const pending = await session.pending();
  if (pending)
    return {
      outcome: "refused",
      say: `another change waits for its confirmation on this device (${Math.round(pending.remainingMs / 1000)} s left)`,
    };
  if (!session.account.inConfiguration) return { outcome: "ready", memo: { moved: false } satisfies Memo };
  const reading = { text: await session.running(), reason: `before rollout ${step.rolloutId}` };
  const { kept, device, drift } = await inTransaction(deps.db, (tx) => deps.expectations.saw(tx, step.change.target.id, reading));
  if (drift)
    return { outcome: "refused", say: `it has drifted (${drift.summary}); mend that first, so that its credential is all that changes` };
  const expected = { expected_hash: device.expected_hash, expected_version: device.expected_version };
  return { outcome: "ready", memo: { version: kept.version.id, expected, moved: false } satisfies Memo };
}

async function apply(deps: CredentialCarrierDeps, step: Step, touch: () => void): Promise<Applied> {
  const { secret, from, to, keys } = step.change.payload;
  const password = keys === undefined ? await passwordOf(deps, { secret, version: to }) : undefined;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { signal: step.signal, version: from }, async (session): Promise<Applied> => {
    await step.stillMine();
    touch();
    if (password !== undefined) {
      const armed = await session.arm(tokenOf(step), deps.switchMs ?? 300_000);
      step.note(`dead-man's switch armed until ${new Date(armed.expiresAtMs).toISOString()}`);
      await step.stillMine();
      await session.account.setPassword(password);
    } else if (keys) {
      await session.account.allow(keys.to, keys.from);
      step.note(`takes the key of version ${to} besides the one of version ${from}`);
    }
    return { outcome: "applied" };
  });
}

async function passwordOf({ secrets }: CredentialCarrierDeps, { secret, version }: { secret: string; version: number }): Promise<string> {
  const value = await secrets.reveal(secret, { actor: "system:devices", purpose: "exchange it on devices", version });
  if (value.kind === "password") return value.password;
  throw new DeviceError("auth_failed", { say: `Version ${version} of ${secret} holds no password.` });
}

async function verify(deps: CredentialCarrierDeps, step: Step): Promise<Verified> {
  const { secret, to, keys } = step.change.payload;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { fresh: true, signal: step.signal, version: to }, async (session): Promise<Verified> => {
    if (keys && !(await session.account.holds(keys.to)))
      return { ok: false, say: "it lets the new key in but does not show it among its keys", gate: [] };
    return { ok: true, gate: [{ check: "signs_in", ok: true, say: `signed in with version ${to} of ${secret}` }] };
  });
}

async function confirm(deps: CredentialCarrierDeps, step: Step): Promise<Confirmed> {
  const { from, to, keys } = step.change.payload;
  const known = memo.parse(step.memo);
  const device = await deviceOf(deps, step);
  const moved = await deps.sessions.use(device, { fresh: true, signal: step.signal, version: to }, async (session): Promise<Confirmed> => {
    if (keys === undefined && (await disarm(session, step)) === "already_reverted")
      return { ok: false, say: "its dead-man's switch took the old password back before the new one was confirmed" };
    await step.remember({ ...known, moved: true }, `signs in with version ${to} from now on`);
    await moveTo(deps, step, to);
    await step.stillMine();
    if (keys) await session.account.forbid(keys.from);
    return { ok: true };
  });
  if (!moved.ok) return moved;
  if (await deps.sessions.accepts(device, { version: from, signal: step.signal }))
    return { ok: false, say: `it still lets version ${from} in` };
  step.note(`version ${from} is refused`);
  return deps.sessions.use(device, { signal: step.signal, version: to }, async (session): Promise<Confirmed> => {
    if (!session.account.inConfiguration) return { ok: true };
    await step.stillMine();
    await save(session, { target: step.change.target, platform: step.change.payload.platform });
    await expectNow(deps, step, await session.running());
    return { ok: true };
  });
}

async function disarm(session: DeviceSession, step: Step): Promise<"confirmed" | "not_armed" | "already_reverted"> {
  await step.stillMine();
  return session.confirm(tokenOf(step));
}

/** From now on the device ought to have the new credential in its configuration. */
async function expectNow(deps: CredentialCarrierDeps, { rolloutId: rollout, change, stillMine }: Step, running: string): Promise<void> {
  const reading = { text: running, reason: `after rollout ${rollout}` };
  const because = { actor: "system:rollout", say: `Rollout ${rollout} left it as intended.`, evidence: { rollout } };
  await stillMine();
  await inTransaction(deps.db, (tx) => deps.expectations.expect(tx, change.target.id, reading, because));
}

async function revert(deps: CredentialCarrierDeps, step: Step): Promise<Reverted> {
  const { from, keys, platform } = step.change.payload;
  const { version, expected, moved } = memo.parse(step.memo);
  const before = version === undefined ? "" : (await deps.versions.open(version)).text;
  const device = await deviceOf(deps, step);
  await withEither(deps, { device, step }, async (session) => {
    if (keys === undefined && (await session.pending()) !== undefined) {
      await step.stillMine();
      await session.revertNow(tokenOf(step));
    }
    await step.stillMine();
    if (session.account.inConfiguration) await session.account.putBack(before);
    else if (keys) await session.account.allow(keys.from, keys.to);
  });
  // The old one works: only now is it what we sign in with, and the new one goes.
  return deps.sessions.use(device, { fresh: true, signal: step.signal, version: from }, async (session): Promise<Reverted> => {
    await moveTo(deps, step, from);
    if (keys) await session.account.forbid(keys.to);
    if (!session.account.inConfiguration) return { ok: true };
    if (moved) {
      await step.stillMine();
      await save(session, { target: step.change.target, platform });
    }
    const reading = { text: await session.running(), reason: `after rollout ${step.rolloutId}` };
    await step.stillMine();
    if (expected) await inTransaction(deps.db, (tx) => deps.expectations.restore(tx, device.id, reading, expected));
    return { ok: true };
  });
}

/** On a new connection, with the version that the device takes: the old one first, which is what it most likely has. */
async function withEither<T>(
  deps: CredentialCarrierDeps,
  { device, step }: { device: DeviceRow; step: Look },
  work: (session: DeviceSession, version: number) => Promise<T>,
): Promise<T> {
  const { from, to } = step.change.payload;
  const options = { fresh: true, signal: step.signal, mayBeRefused: true };
  try {
    return await deps.sessions.use(device, { ...options, version: from }, (session) => work(session, from));
  } catch (thrown) {
    if (!isSignInRefused(thrown)) throw thrown;
    return deps.sessions.use(device, { ...options, mayBeRefused: false, version: to }, (session) => work(session, to));
  }
}

async function observe(deps: CredentialCarrierDeps, look: Look): Promise<Observed> {
  const { secret, from, to, keys } = look.change.payload;
  const device = await deviceOf(deps, look);
  return withEither(deps, { device, step: look }, async (session, version): Promise<Observed> => {
    const pending = keys === undefined && (await session.pending()) !== undefined;
    const both = keys !== undefined && (await session.account.holds(keys.from)) && (await session.account.holds(keys.to));
    const side = both ? "other" : version === to ? "new" : "old";
    const has = await versionOf(deps, device, secret);
    const say = `signs in with version ${has} of ${secret}`;
    return { reached: true, side, pending, gate: [{ check: "signs_in", ok: version === (side === "old" ? from : to), say }] };
  });
}

async function back(
  deps: CredentialCarrierDeps,
  look: Look,
): Promise<{ ok: true; change: Change<CredentialPayload> | undefined } | { ok: false; say: string }> {
  const { change } = look;
  const { secret, from, to, keys } = change.payload;
  const device = await deviceOf(deps, look);
  const has = device.credential === secret ? await versionOf(deps, device, secret) : undefined;
  if (has === from) return { ok: true, change: undefined };
  if (has !== to) return { ok: false, say: `${device.name} signs in with another credential by now.` };
  try {
    await deps.secrets.reveal(secret, { actor: "system:devices", purpose: "exchange it on devices", version: from });
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return { ok: false, say: thrown.message };
  }
  const payload = { ...change.payload, from: to, to: from, ...(keys ? { keys: { from: keys.to, to: keys.from } } : {}) };
  return { ok: true, change: credentialChange(change.target, payload) };
}
