/** Proving again who one is, for people who have neither a password nor a second factor here: where they signed in. */
import { isProblem, Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import type { Parts } from "./deps.ts";
import { refused } from "./oidc.ts";
import type { CameBack, createWay, Finished, Started } from "./provider-flow.ts";
import { reserveProof } from "./proofs.ts";
import { mustBeSession, stepUpProvider, steppedUpMs } from "./step-up.ts";
import * as factors from "./store-factors.ts";
import * as links from "./store-providers.ts";
import { secondFactorThere } from "./external-identities.ts";

/** How far the provider's clock may be behind. */
const skewMs = 60_000;

export function createProviderStepUp(parts: Parts, way: ReturnType<typeof createWay>) {
  const { db, audit, clock } = parts;

  /** @throws Problem `identity_step_up_elsewhere` for whoever proves it otherwise */
  async function startStepUp(caller: Caller): Promise<Started> {
    mustBeSession(caller);
    const provider = await stepUpProvider(db, caller);
    if (!provider || provider.kind === "ldap") throw notThere();
    return way.begin(provider.id, { stepsUp: caller.credentialId });
  }

  /** @throws Problem `identity_provider_refused`, `identity_too_many_tries` */
  async function finishStepUp(came: CameBack, caller: Caller, requestId?: string): Promise<{ until: string }> {
    mustBeSession(caller);
    await reserveProof(caller.userId, parts);
    const provider = await stepUpProvider(db, caller);
    if (provider?.id !== came.provider) throw notThere();
    const { actor, credentialId, userId } = caller;
    const subject = `session:${credentialId}`;
    const finished = await comeBack(came, credentialId);
    const refusal = await inTransaction(db, async (tx) => {
      const why = finished
        ? await doubtful(tx, finished, userId)
        : "what came back from the provider does not fit what began in this browser";
      if (!finished || why !== undefined) return why;
      const secondFactor = secondFactorThere(finished.proved);
      const stepped = await factors.stepUpSession(tx, credentialId, { now: new Date(clock.now()), secondFactor });
      if (!stepped) return "the session has ended";
      const after = { method: provider.kind, provider: provider.id };
      await audit.record(tx, { actor, action: "identity.session.step_up", subject, after, requestId });
      return undefined;
    });
    if (refusal === undefined) return { until: new Date(clock.now() + steppedUpMs).toISOString() };
    const entry = { actor, action: "identity.session.step_up_refuse", subject: actor, reason: refusal, requestId };
    await inTransaction(db, (tx) => audit.record(tx, entry));
    throw refused(new Error(refusal));
  }

  /** Undefined for what does not count at all. */
  async function comeBack(came: CameBack, sessionId: string): Promise<Finished | undefined> {
    try {
      return await way.finish(came, { stepsUp: sessionId });
    } catch (thrown) {
      if (isProblem(thrown) && thrown.code === "identity_provider_refused") return undefined;
      throw thrown;
    }
  }

  /** Why it does not count; undefined when it does. */
  async function doubtful(tx: Tx, { proved, beganAt }: Finished, userId: string): Promise<string | undefined> {
    const who = await links.findIdentity(tx, proved.provider.id, proved.subject);
    if (who?.user_id !== userId) return "somebody else proved it at the provider";
    if (proved.provedAt === undefined || proved.provedAt < beganAt - skewMs) return "the provider did not ask anew";
    return undefined;
  }

  return { startStepUp, finishStepUp };
}

function notThere(): Problem {
  return new Problem("identity_step_up_elsewhere", {
    kind: "conflict",
    say: "You do not prove it at an identity provider: with your second factor or password here, or not at all.",
  });
}
