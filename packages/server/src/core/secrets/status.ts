/** How the engines are, in one answer. */
import type { SecretsStatus } from "@holdfast/contract";
import type { Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { EngineName } from "./engine.ts";
import type { OpenedSource } from "./key-source.ts";
import type { RotationState } from "./rotation.ts";
import { countActiveLeases } from "./store.ts";
import type { Vault } from "./vault/index.ts";

interface StatusDeps {
  db: Db;
  clock: Clock;
  engine: EngineName;
  source: OpenedSource;
  rotation(): Promise<RotationState>;
  vault: Vault | undefined;
}

export function createStatus({ db, clock, engine, source, rotation, vault }: StatusDeps): () => Promise<SecretsStatus> {
  return async () => ({
    engine,
    keyRing: { source: source.from, wrappedBy: source.wrappedBy, ...(await rotation()) },
    ...(vault ? { vault: await vaultStatus(vault) } : {}),
    activeLeases: await countActiveLeases(db, new Date(clock.now())),
  });
}

async function vaultStatus(vault: Vault): Promise<NonNullable<SecretsStatus["vault"]>> {
  const { address, namespace, signIn } = vault.settings;
  const endsMs = vault.tokenEndsMs();
  return {
    address,
    ...(namespace === undefined ? {} : { namespace }),
    signIn: signIn.by,
    ...(await vault.health()),
    ...(endsMs === undefined ? {} : { tokenExpiresAt: new Date(endsMs).toISOString() }),
  };
}
