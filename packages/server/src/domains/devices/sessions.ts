/** Sessions to devices of the inventory: finds the credential and the way there, and keeps what was seen of each device. */
import type { DeviceCredential } from "@holdfast/contract";
import { Problem, type Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Pki } from "#core/pki";
import type { Secrets } from "#core/secrets";
import type { SignInCredential } from "./drivers/auth.ts";
import { DeviceError } from "./drivers/error.ts";
import type { Pool } from "./drivers/pool.ts";
import type { DeviceEndpoint, DeviceSession } from "./platforms/index.ts";
import { findDevice, recordSeen, systemOf, type DeviceRow } from "./store.ts";

export interface SessionOptions {
  /** A new connection, whatever is open already: what a verification needs. */
  fresh?: boolean;
  signal?: AbortSignal;
}

export interface Sessions {
  /** @throws DeviceError, or Problem `devices_jump_host`, `devices_credential_missing`, `devices_bastion_missing` */
  use<T>(device: DeviceRow, options: SessionOptions, work: (session: DeviceSession) => Promise<T>): Promise<T>;
  endpoint(device: DeviceRow): Promise<DeviceEndpoint>;
}

/** Longest life of a certificate that signs in to a device. */
const certificateMinutes = 5;

type SshCaCredential = Extract<DeviceCredential, { kind: "ssh_ca" }>;

interface SessionDeps {
  db: Db;
  secrets: Secrets;
  /** Signs the certificates of credentials of the kind `ssh_ca`. */
  ssh: Pki["ssh"];
  pool: Pool;
  clock: Clock;
}

export function createSessions(deps: SessionDeps): Sessions {
  const endpoint = async (device: DeviceRow, via: string[] = []): Promise<DeviceEndpoint> => {
    const { id, name, platform, address, port } = device;
    const bastion = device.bastion === null ? undefined : await endpoint(await bastionOf(deps.db, device, [...via, name]), [...via, name]);
    return {
      id,
      name,
      platform,
      address,
      port,
      credential: await credentialOf(deps, device),
      ...(device.host_key === null ? {} : { hostKey: device.host_key }),
      ...(bastion ? { bastion } : {}),
    };
  };
  const use: Sessions["use"] = async (device, options, work) => {
    systemOf(device);
    try {
      const result = await deps.pool.withSession(await endpoint(device), work, options);
      await recordSeen(deps.db, device.id, { reachable: true, last_seen_at: new Date(deps.clock.now()), last_problem: null });
      return result;
    } catch (thrown) {
      if (thrown instanceof DeviceError) {
        await recordSeen(deps.db, device.id, {
          last_problem: thrown.message,
          ...(thrown.reason === "command_refused" ? {} : { reachable: false }),
        });
      }
      throw thrown;
    }
  };
  return { use, endpoint: (device) => endpoint(device) };
}

/**
 * Asked for every session and never kept, so that a new version counts from the next session on: sessions that are kept open are found by
 * the credential they were opened with. The trail of reveals writes it down once an hour.
 */
async function credentialOf({ secrets, ssh }: SessionDeps, { name, credential }: DeviceRow): Promise<SignInCredential> {
  if (credential === null)
    throw new Problem("devices_credential_missing", { kind: "not_ready", say: `${name} names no credential; set one to sign in with.` });
  const value = await secrets.reveal(credential, { actor: "system:devices", purpose: "sign in to devices" });
  if (value.kind === "password" || value.kind === "ssh_key") return value;
  if (value.kind === "ssh_ca") return certifying(ssh, value);
  const say = `The secret ${credential} is for Git, not for devices; give ${name} another.`;
  throw new Problem("devices_credential_kind", { kind: "invalid", say });
}

/** A key and a certificate of its own for each sign-in. A bastion's session opens connections to others. */
function certifying(ssh: Pki["ssh"], { username, principal, enablePassword }: SshCaCredential): SignInCredential {
  const wish = { principals: [principal ?? username], minutes: certificateMinutes, forwarding: true };
  const by = { actor: "system:devices" };
  return { kind: "ssh_certificate", username, enablePassword, certify: () => ssh.signIn(wish, by) };
}

async function bastionOf(db: Db, device: DeviceRow, via: string[]): Promise<DeviceRow> {
  const row = await findDevice(db, device.bastion ?? "");
  if (!row)
    throw new Problem("devices_bastion_missing", {
      kind: "not_ready",
      say: `${device.name} jumps through ${device.bastion}, which is not in the inventory.`,
    });
  if (!via.includes(row.name)) return row;
  throw new Problem("devices_bastion_loop", {
    kind: "invalid",
    say: `The bastions of ${via[0]} go round in a circle: ${[...via, row.name].join(" → ")}.`,
  });
}
