/** The carrier of configuration changes: how a device gets from its running configuration to the intended one, and back. */
import type { Clock } from "@holdfast/kit";
import { z } from "zod";
import type {
  Applied,
  Carrier,
  CarrierLook,
  CarrierStep,
  Change,
  Confirmed,
  GateResult,
  Observed,
  Prepared,
  Reverted,
  Verified,
} from "#core/rollout";
import { inTransaction, type Db } from "#platform/db";
import { compareHealth, notHealthy, pingTargets, type HealthPolicy, type HealthSeen } from "./checks.ts";
import { diffConfigs, maskSecrets, planCommands, sameConfig } from "./config/index.ts";
import { DeviceError } from "./drivers/error.ts";
import type { Expectations, Expected } from "./expectations.ts";
import { configKind, configPayload, healthShape, type ConfigPayload } from "./payload.ts";
import { changeOf } from "./plan.ts";
import { deviceOf, guarded, save, stay, tokenOf } from "./carrying.ts";
import type { DeviceSession } from "./platforms/index.ts";
import type { Sessions } from "./sessions.ts";
import { configHash } from "./versions.ts";

type Step = CarrierStep<ConfigPayload>;
type Look = CarrierLook<ConfigPayload>;

const memo = z.object({
  version: z.string(),
  expected: z.object({ expected_hash: z.string().nullable(), expected_version: z.string().nullable() }).optional(),
  before: z.object({ health: healthShape, pings: z.array(z.object({ target: z.string(), sent: z.number(), received: z.number() })) }),
  // One that does not say: when in doubt, the way back is saved.
  saved: z.boolean().default(true),
});
interface Memo {
  /** The version kept before the change. */
  version: string;
  /** What it ought to have had before the change; more than it had when it had drifted. */
  expected?: Expected | undefined;
  /** Its health before the change. */
  before: HealthSeen;
  /** The saved configuration may have the change: set before it is saved. Until then it is as it was, with whatever somebody left out of it. */
  saved: boolean;
}

export interface ConfigCarrierDeps {
  db: Db;
  sessions: Sessions;
  expectations: Expectations;
  clock: Clock;
  /** How long a device waits for the confirmation before it reverts by itself; 5 min unless told. */
  switchMs?: number;
}

const pingCount = 3;

export function createConfigCarrier(deps: ConfigCarrierDeps): Carrier<ConfigPayload> {
  return {
    kind: configKind,
    payload: configPayload,
    stay,
    ...guarded<ConfigPayload>({
      prepare: (step) => prepare(deps, step),
      apply: (step, touch) => apply(deps, step, touch),
      verify: (step) => verify(deps, step),
      confirm: (step) => confirm(deps, step),
      revert: (step) => revert(deps, step),
      observe: (look) => observe(deps, look),
      back: (look) => back(deps, look),
    }),
    describe: ({ payload: { platform, base, intended, sense, sources } }) => ({
      commands: planCommands(base, intended, platform, sense).map((line) => maskSecrets(line, platform)),
      running: maskSecrets(base, platform),
      intended: maskSecrets(intended, platform),
      ...(sources ? { sources } : {}),
    }),
  };
}

async function prepare(deps: ConfigCarrierDeps, step: Step): Promise<Prepared> {
  const { base, intended, platform, sense, health: wanted } = step.change.payload;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { signal: step.signal }, async (session): Promise<Prepared> => {
    const pending = await session.pending();
    if (pending)
      return {
        outcome: "refused",
        say: `another change waits for its confirmation on this device (${Math.round(pending.remainingMs / 1000)} s left)`,
      };
    const running = await session.running();
    if (diffConfigs(running, intended, platform, sense).empty) {
      await expectNow(deps, step, running);
      return { outcome: "unchanged" };
    }
    if (!sameConfig(running, base, platform)) return { outcome: "refused", say: movedSentence(base, running, step) };
    const before = await measure(session, wanted);
    // The way back to a kept configuration may be what makes it healthy again: `whole` is only that.
    const ill = sense === "whole" ? [] : notHealthy(wanted, before);
    if (ill.length > 0) return { outcome: "refused", say: `not healthy before the change: ${ill.map((one) => one.say).join("; ")}` };
    const reading = { text: running, reason: `before rollout ${step.rolloutId}` };
    const { kept, device: now } = await inTransaction(deps.db, (tx) => deps.expectations.saw(tx, device.id, reading));
    const expected = { expected_hash: now.expected_hash, expected_version: now.expected_version };
    const answer: Memo = { version: kept.version.id, expected, before, saved: false };
    return { outcome: "ready", memo: answer };
  });
}

function movedSentence(base: string, running: string, step: Step): string {
  const moved = diffConfigs(base, running, step.change.payload.platform, "whole");
  return `it changed since this was planned (${moved.summary}); plan again`;
}

async function measure(session: DeviceSession, wanted: HealthPolicy): Promise<HealthSeen> {
  const pings: HealthSeen["pings"] = [];
  for (const target of pingTargets(wanted)) pings.push({ target, ...(await session.ping(target, pingCount)) });
  return { health: await session.health(), pings };
}

async function apply(deps: ConfigCarrierDeps, step: Step, touch: () => void): Promise<Applied> {
  const { base, intended, platform, sense } = step.change.payload;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { signal: step.signal }, async (session): Promise<Applied> => {
    const running = await session.running();
    if (!sameConfig(running, base, platform)) return { outcome: "refused", say: movedSentence(base, running, step), touched: false };
    await step.stillMine();
    touch();
    const armed = await session.arm(tokenOf(step), deps.switchMs ?? 300_000);
    step.note(`dead-man's switch armed until ${new Date(armed.expiresAtMs).toISOString()}`);
    const commands = planCommands(running, intended, platform, sense);
    await step.stillMine();
    const done = await session.configure(commands, () => step.notLapsed());
    if (!done.refused) return { outcome: "applied" };
    const { line, vendorText, position } = done.refused;
    const at = position === undefined ? "" : ` at position ${position + 1}`;
    const say = `the device refused line ${done.refused.index + 1} of ${commands.length}, "${maskSecrets(line, platform).trim()}"${at}: ${maskSecrets(vendorText, platform).trim()}`;
    return { outcome: "refused", say, touched: true };
  });
}

async function verify(deps: ConfigCarrierDeps, step: Step): Promise<Verified> {
  const { settleMs, patienceMs } = step.change.payload.health;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { fresh: true, signal: step.signal }, async (session): Promise<Verified> => {
    const wrong = await notAsIntended(session, step);
    if (wrong !== undefined) return { ok: false, say: wrong, gate: [] };
    await deps.clock.sleep(settleMs, step.signal);
    // From here: how long it took to sign in and to read is no fault of the change.
    const settledAt = deps.clock.now();
    for (;;) {
      const gate = await gateNow(session, step);
      const bad = gate.find((one) => !one.ok);
      if (!bad) return { ok: true, gate };
      if (deps.clock.now() - settledAt > patienceMs) return { ok: false, say: bad.say, gate };
      await deps.clock.sleep(Math.min(1000, Math.max(100, patienceMs / 10)), step.signal);
    }
  });
}

/** What differs from what was intended; undefined when nothing does. */
async function notAsIntended(session: DeviceSession, step: Look): Promise<string | undefined> {
  const { intended, platform, sense } = step.change.payload;
  const missing = diffConfigs(await session.running(), intended, platform, sense);
  return missing.empty ? undefined : `it took the change but does not have it (${missing.summary} missing)`;
}

async function gateNow(session: DeviceSession, step: Look): Promise<GateResult[]> {
  const { health: wanted, downOnPurpose } = step.change.payload;
  const { before } = memo.parse(step.memo) as Memo;
  return compareHealth(wanted, before, await measure(session, wanted), downOnPurpose);
}

async function confirm(deps: ConfigCarrierDeps, step: Step): Promise<Confirmed> {
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { signal: step.signal }, async (session): Promise<Confirmed> => {
    await step.stillMine();
    const answer = await session.confirm(tokenOf(step));
    if (answer === "already_reverted") return { ok: false, say: "its dead-man's switch reverted the change before it was confirmed" };
    const wrong = await notAsIntended(session, step);
    if (wrong !== undefined) return { ok: false, say: wrong };
    const known: Memo = { ...(memo.parse(step.memo) as Memo), saved: true };
    await step.remember(known, "the device has the change for good; saves it");
    await save(session, { target: step.change.target, platform: step.change.payload.platform });
    await expectNow(deps, step, await session.running());
    return { ok: true };
  });
}

/** From now on this is what the device ought to have: anything else is drift. */
async function expectNow(deps: ConfigCarrierDeps, step: Step, running: string): Promise<void> {
  const { rolloutId: rollout, change } = step;
  const reading = { text: running, reason: `after rollout ${rollout}` };
  const because = { actor: "system:rollout", say: `Rollout ${rollout} left it as intended.`, evidence: { rollout } };
  await step.stillMine();
  await inTransaction(deps.db, (tx) => deps.expectations.expect(tx, change.target.id, reading, because));
}

/** It is as it was before the rollout; what had drifted then has drifted still. */
async function expectAsBefore(deps: ConfigCarrierDeps, step: Step, running: string): Promise<void> {
  const { expected } = (step.memo === undefined ? {} : memo.parse(step.memo)) as Partial<Memo>;
  if (!expected) return expectNow(deps, step, running);
  const reading = { text: running, reason: `after rollout ${step.rolloutId}` };
  await step.stillMine();
  await inTransaction(deps.db, (tx) => deps.expectations.restore(tx, step.change.target.id, reading, expected));
}

async function revert(deps: ConfigCarrierDeps, step: Step): Promise<Reverted> {
  const { base, platform } = step.change.payload;
  const { saved } = memo.parse(step.memo);
  const device = await deviceOf(deps, step);
  await deps.sessions.use(device, { fresh: true, signal: step.signal }, async (session) => {
    if ((await session.pending()) !== undefined) {
      await step.stillMine();
      await session.revertNow(tokenOf(step));
    }
    const running = await session.running();
    if (!sameConfig(running, base, platform)) await typeBack(session, step, planCommands(running, base, platform, "whole"));
    if (!saved) return;
    await step.stillMine();
    await save(session, { target: step.change.target, platform: step.change.payload.platform });
  });
  return deps.sessions.use(device, { fresh: true, signal: step.signal }, async (session): Promise<Reverted> => {
    const running = await session.running();
    const left = diffConfigs(running, base, platform, "whole");
    if (!left.empty) return { ok: false, unreachable: false, say: `it is not back as it was: ${left.summary} to go` };
    await expectAsBefore(deps, step, running);
    return { ok: true };
  });
}

async function typeBack(session: DeviceSession, step: Step, commands: string[]): Promise<void> {
  const { platform } = step.change.payload;
  step.note(`goes back by ${commands.length} commands`);
  await step.stillMine();
  const { refused } = await session.configure(commands, () => step.notLapsed());
  if (!refused) return;
  throw new DeviceError("command_refused", {
    say: `on the way back the device refused "${maskSecrets(refused.line, platform).trim()}": ${maskSecrets(refused.vendorText, platform).trim()}`,
  });
}

async function observe(deps: ConfigCarrierDeps, step: Look): Promise<Observed> {
  const { base, intended, platform, sense } = step.change.payload;
  const device = await deviceOf(deps, step);
  return deps.sessions.use(device, { signal: step.signal }, async (session): Promise<Observed> => {
    const running = await session.running();
    const old = sameConfig(running, base, platform) ? "old" : "other";
    const side = diffConfigs(running, intended, platform, sense).empty ? "new" : old;
    const pending = (await session.pending()) !== undefined;
    return { reached: true, side, pending, gate: step.memo === undefined ? [] : await gateNow(session, step) };
  });
}

async function back(
  deps: ConfigCarrierDeps,
  step: Look,
): Promise<{ ok: true; change: Change<ConfigPayload> | undefined } | { ok: false; say: string }> {
  const { base, health: wanted, platform } = step.change.payload;
  const device = await deviceOf(deps, step);
  const running = await deps.sessions.use(device, { signal: step.signal }, (session) => session.running());
  const change = changeOf({
    target: step.change.target,
    platform,
    running,
    intended: base,
    sense: "whole",
    health: wanted,
    hash: (text) => configHash(text, platform),
  });
  return { ok: true, change };
}
