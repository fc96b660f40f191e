/** Who we are to Vault: one token for the whole process, signed in for at first use, renewed, and replaced when it ends. */
import { isProblem, systemClock, type Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { VaultAnswer, VaultCall, VaultClient } from "./client.ts";
import { keepRenewed } from "./renewal.ts";
import { createSignIn, tokenOf, type Token } from "./sign-in.ts";
import type { VaultSignIn } from "#platform/settings-secrets";

export interface VaultSession {
  /** A call with our token. When Vault refuses a token that has ended, once more with a new one. */
  call(call: Omit<VaultCall, "token">): Promise<VaultAnswer>;
  /** Changes with each sign-in: what Vault handed out under an older token ends with that token. */
  epoch(): number;
  /** Milliseconds since 1970; undefined before the first sign-in, and for a token without an end. */
  tokenEndsMs(): number | undefined;
  /** Revokes the token that we signed in for, and with it all that was handed out under it. */
  close(): Promise<void>;
}

interface SessionDeps {
  client: VaultClient;
  signIn: VaultSignIn;
  clock?: Clock;
  log: Log;
}

interface Held extends Token {
  endsMs: number | undefined;
  /** Stops its renewal. */
  over: AbortController;
}

export function createVaultSession(deps: SessionDeps): VaultSession {
  const { client } = deps;
  const holder = createHolder(deps);
  return {
    async call(call) {
      const token = await holder.current();
      try {
        return await client.call({ ...call, token: token.value });
      } catch (thrown) {
        if (!isProblem(thrown) || thrown.code !== "secrets_vault_forbidden" || (await stillCounts(client, token))) throw thrown;
        holder.drop(token);
        return client.call({ ...call, token: (await holder.current()).value });
      }
    },
    epoch: holder.epoch,
    tokenEndsMs: () => holder.held()?.endsMs,
    async close() {
      const last = holder.held();
      if (!last) return;
      holder.drop(last);
      if (last.ours) await client.call({ method: "POST", path: "auth/token/revoke-self", token: last.value, repeatable: true });
    },
  };
}

/** Holds the token, and renews it while it is held. */
function createHolder({ client, signIn: how, clock = systemClock, log }: SessionDeps) {
  const signIn = createSignIn(client, how);
  let held: Held | undefined;
  let signingIn: Promise<Held> | undefined;
  let epoch = 0;

  async function begin(): Promise<Held> {
    const token = await signIn();
    held?.over.abort(new Error("replaced"));
    const mine: Held = { ...token, endsMs: token.ttlMs === 0 ? undefined : clock.now() + token.ttlMs, over: new AbortController() };
    held = mine;
    epoch += 1;
    log.info({ by: how.by, ttlS: token.ttlMs / 1000 }, "signed in to Vault");
    if (token.renewable && token.ttlMs > 0) renewed(mine);
    return mine;
  }

  function renewed(mine: Held): void {
    const path = "auth/token/renew-self";
    keepRenewed({
      clock,
      log,
      what: "the token for Vault",
      ttlMs: mine.ttlMs,
      signal: mine.over.signal,
      async renew() {
        const { ttlMs } = tokenOf(await client.call({ method: "POST", path, token: mine.value, repeatable: true }), path);
        mine.endsMs = clock.now() + ttlMs;
        return ttlMs;
      },
      ending() {
        if (held === mine) held = undefined; // the next call signs in, while the old token still counts for what goes on under it
      },
    });
  }

  return {
    held: () => held,
    epoch: () => epoch,
    current(): Promise<Held> {
      if (held && (held.endsMs === undefined || held.endsMs > clock.now())) return Promise.resolve(held);
      return (signingIn ??= begin().finally(() => {
        signingIn = undefined;
      }));
    },
    drop(token: Held): void {
      token.over.abort(new Error("dropped"));
      if (held === token) held = undefined;
    },
  };
}

/** Vault says "permission denied" both of a token that ended and of a path that is not allowed; looking ourselves up tells them apart. */
async function stillCounts(client: VaultClient, token: Token): Promise<boolean> {
  try {
    await client.call({ method: "GET", path: "auth/token/lookup-self", token: token.value });
    return true;
  } catch (thrown) {
    if (isProblem(thrown) && thrown.code === "secrets_vault_forbidden") return false;
    throw thrown;
  }
}
