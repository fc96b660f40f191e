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
import { pinnedVersion } from "./store-credentials.ts";
import { findDevice, recordSeen, systemOf, type DeviceRow } from "./store.ts";

export interface SessionOptions {
  /** A new connection, whatever is open already: what a verification needs. */
  fresh?: boolean;
  signal?: AbortSignal;
  /** With this version of the device's secret; the one that the device has unless told. */
  version?: number;
  /** A refused sign-in is an answer to the caller, and no news of the device. */
  mayBeRefused?: boolean;
}

export interface Sessions {
  /** @throws DeviceError, or Problem `devices_jump_host`, `devices_credential_missing`, `devices_bastion_missing` */
  use<T>(device: DeviceRow, options: SessionOptions, work: (session: DeviceSession) => Promise<T>): Promise<T>;
  endpoint(device: DeviceRow): Promise<DeviceEndpoint>;
  /** Whether the device lets this version of its secret in, on a new connection. @throws as `use`, but for a refused sign-in */
  accepts(device: DeviceRow, options: { version: number; signal?: AbortSignal }): Promise<boolean>;
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
  const endpoint = async (device: DeviceRow, { via = [], version }: { via?: string[]; version?: number } = {}): Promise<DeviceEndpoint> => {
    const { id, name, platform, address, port } = device;
    const bastion =
      device.bastion === null ? undefined : await endpoint(await bastionOf(deps.db, device, [...via, name]), { via: [...via, name] });
    return {
      id,
      name,
      platform,
      address,
      port,
      credential: await credentialOf(deps, device, version),
      ...(device.host_key === null ? {} : { hostKey: device.host_key }),
      ...(bastion ? { bastion } : {}),
    };
  };
  const use: Sessions["use"] = async (device, { version, mayBeRefused = false, ...options }, work) => {
    systemOf(device);
    try {
      const result = await deps.pool.withSession(await endpoint(device, version === undefined ? {} : { version }), work, options);
      await recordSeen(deps.db, device.id, { reachable: true, last_seen_at: new Date(deps.clock.now()), last_problem: null });
      return result;
    } catch (thrown) {
      if (thrown instanceof DeviceError && !(mayBeRefused && isSignInRefused(thrown))) {
        await recordSeen(deps.db, device.id, {
          last_problem: thrown.message,
          ...(thrown.reason === "command_refused" ? {} : { reachable: false }),
        });
      }
      throw thrown;
    }
  };
  const accepts: Sessions["accepts"] = async (device, options) => {
    try {
      return await use(device, { ...options, fresh: true, mayBeRefused: true }, () => Promise.resolve(true));
    } catch (thrown) {
      if (isSignInRefused(thrown)) return false;
      throw thrown;
    }
  };
  return { use, accepts, endpoint: (device) => endpoint(device) };
}

/** The device itself does not take the credential; whatever else keeps us out is another matter. */
export function isSignInRefused(thrown: unknown): boolean {
  return thrown instanceof DeviceError && thrown.reason === "auth_failed" && thrown.facts["byDevice"] === true;
}

/**
 * Asked for every session and never kept, so that a new version counts from the next session on: sessions that are kept open are found by
 * the credential they were opened with. The trail of reveals writes it down once an hour.
 */
async function credentialOf(
  { db, secrets, ssh }: SessionDeps,
  { id, name, credential }: DeviceRow,
  wanted?: number,
): Promise<SignInCredential> {
  if (credential === null)
    throw new Problem("devices_credential_missing", { kind: "not_ready", say: `${name} names no credential; set one to sign in with.` });
  const version = wanted ?? (await pinnedVersion(db, id, credential));
  const by = { actor: "system:devices", purpose: "sign in to devices", ...(version === undefined ? {} : { version }) };
  const value = await secrets.reveal(credential, by);
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
