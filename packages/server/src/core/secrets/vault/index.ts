/**
 * A client for HashiCorp Vault and OpenBao, written from their published HTTP API documents: key/value secrets of both versions, dynamic
 * credentials with leases, transit, PKI, SSH certificates, response wrapping; signing in by token, AppRole or Kubernetes.
 */
import { systemClock, type Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { Metrics } from "#platform/metrics";
import { createVaultClient } from "./client.ts";
import { createDynamic, type Dynamic } from "./dynamic.ts";
import { createPki, createSsh, createTransit, type Pki, type Ssh, type Transit } from "./engines.ts";
import { healthOf, type VaultHealth } from "./health.ts";
import { createKv, type Kv } from "./kv.ts";
import { createVaultSession, type VaultSession } from "./session.ts";
import type { VaultSettings } from "#platform/settings-secrets";
import { createTransport } from "./transport.ts";
import { createWrapping, type Wrapping } from "./wrapping.ts";

export type { Pki as VaultPki } from "./engines.ts";
export type { VaultSettings } from "#platform/settings-secrets";

export interface Vault {
  readonly settings: VaultSettings;
  /** Never throws: what is wrong is in the answer. */
  health(): Promise<VaultHealth>;
  /** Milliseconds since 1970 when our token ends; see `VaultSession`. */
  tokenEndsMs(): number | undefined;
  epoch: VaultSession["epoch"];
  kv: Kv;
  dynamic: Dynamic;
  wrapping: Wrapping;
  /** An answer for somebody else: only the holder of the token that comes back can have it, once. */
  wrapped(path: string, forS: number): Promise<{ token: string; ttlS: number }>;
  transit(mount: string): Transit;
  pki(mount: string): Pki;
  ssh(mount: string): Ssh;
  /** Revokes our token if we signed in for it. Vault being out of reach is no fault: the token ends by itself. */
  close(): Promise<void>;
}

type VaultMetrics = Pick<Metrics, "counter" | "gauge">;

/** Nothing is asked of Vault before the first use. @throws Problem `secrets_vault_ca_unreadable` */
export function createVault(deps: { settings: VaultSettings; log: Log; clock?: Clock; metrics?: VaultMetrics }): Vault {
  const { settings, log, clock = systemClock, metrics } = deps;
  const requests = metrics?.counter({
    name: "holdfast_vault_requests_total",
    help: "Exchanges with Vault, by how they ended",
    labels: ["outcome"],
  });
  const counted = (outcome: string): void => requests?.inc({ outcome });
  const transport = createTransport(settings);
  const warned = (path: string, warnings: readonly string[]): void => log.warn({ path, warnings }, "Vault warns");
  const client = createVaultClient({ transport, namespace: settings.namespace, clock, warned, counted });
  const session = createVaultSession({ client, signIn: settings.signIn, clock, log });
  metrics?.gauge({
    name: "holdfast_vault_token_ttl_seconds",
    help: "Until this process's token for Vault ends; nothing while there is none, or one without an end",
    read(gauge) {
      const endsMs = session.tokenEndsMs();
      gauge.reset();
      if (endsMs !== undefined) gauge.set((endsMs - clock.now()) / 1000);
      else gauge.remove();
    },
  });
  return {
    settings,
    health: () => healthOf(transport),
    tokenEndsMs: session.tokenEndsMs,
    epoch: session.epoch,
    kv: createKv(session, () => clock.now()),
    dynamic: createDynamic(session),
    wrapping: createWrapping(client),
    async wrapped(path, forS) {
      const { wrap_info: info } = await session.call({ method: "GET", path, wrapForS: forS, repeatable: false });
      if (!info) throw new Error("Vault wrapped nothing");
      return { token: info.token, ttlS: info.ttl };
    },
    transit: (mount) => createTransit(session, mount),
    pki: (mount) => createPki(session, mount),
    ssh: (mount) => createSsh(session, mount),
    async close() {
      await session.close().catch((thrown: unknown) => log.warn({ error: thrown }, "Vault could not be told that we leave"));
      transport.close();
    },
  };
}
