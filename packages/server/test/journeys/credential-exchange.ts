/**
 * For tests: an exchange of credentials driven as the engine drives it, by a controller that can die at each point at which it asks or
 * writes something; and what a device lets in, as the world itself tells.
 */
import { Problem } from "@holdfast/kit";
import ssh2 from "ssh2";
import { expect } from "vitest";
import type { Carrier, CarrierStep, Change } from "#core/rollout";
import { createDeviceReach, type DeviceReach } from "#domains/devices";
import { inTransaction } from "#platform/db";
import { silentLog } from "#platform/log";
import type { SimulatedDevice } from "#world/device";
import { connect } from "#world/ssh-client";
import { credentialChange } from "../../src/domains/devices/credential-change.ts";
import { newCredential, publicKeyOf, type Exchanged } from "../../src/domains/devices/credential-make.ts";
import type { CredentialPayload } from "../../src/domains/devices/credential-payload.ts";
import { user } from "./network.ts";
import type { Scene } from "./scene.ts";

export type Way = { password: string } | { privateKey: string };

export function publicBlob(privateKey: string): Buffer {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key.getPublicSSH();
}

/** Whether the device lets it in. */
export async function lets(device: SimulatedDevice, way: Way): Promise<boolean> {
  const target = { port: device.port, username: user.username, password: "" };
  try {
    (await connect(target, { authHandler: "password" in way ? ["password"] : ["publickey"], ...way })).end();
    return true;
  } catch {
    return false;
  }
}

const signal = new AbortController().signal;

type Act = "prepare" | "apply" | "verify" | "confirm" | "revert";

/** One exchange as the engine holds it: what is remembered, how far it is, and after how many points its controller dies. */
class Exchange {
  points = 0;
  dieAt = Number.POSITIVE_INFINITY;
  memo: unknown;
  /** The step that it is at. */
  at: Act = "prepare";
  private readonly carrier: Carrier<CredentialPayload>;
  private readonly change: Change<CredentialPayload>;

  constructor(carrier: Carrier<CredentialPayload>, change: Change<CredentialPayload>) {
    this.carrier = carrier;
    this.change = change;
  }

  private point(): void {
    this.points += 1;
    if (this.points === this.dieAt) throw new Problem("test_dead", { kind: "broken", say: "The controller is dead." });
  }

  private step(): CarrierStep<CredentialPayload> {
    const asked = async (): Promise<void> => this.point();
    return {
      rolloutId: "rol_test",
      change: this.change,
      memo: this.memo,
      signal,
      fencing: 1,
      note: () => undefined,
      stillMine: asked,
      notLapsed: () => this.point(),
      remember: async (memo) => {
        this.point();
        this.memo = memo;
        this.point();
      },
    };
  }

  /** One step to its end; the controller may die in it, or right after it. @throws what `point` throws */
  async act(act: Act): Promise<unknown> {
    const result = await this.carrier[act](this.step());
    if (act === "prepare") this.memo = (result as { memo?: unknown }).memo;
    this.point();
    return result;
  }

  /** From a step on to the end, as far as every step goes well. */
  async forward(from: Act): Promise<unknown[]> {
    const all: Act[] = ["prepare", "apply", "verify", "confirm"];
    const results: unknown[] = [];
    for (const act of all.slice(all.indexOf(from))) {
      this.at = act;
      results.push(await this.act(act));
    }
    return results;
  }
}

export interface LaneSpec {
  /** Of the device. */
  name: string;
  secret: string;
  value: Exchanged;
}

export interface Lanes {
  open(lane: LaneSpec): Promise<Lane>;
  close(): Promise<void>;
}

/** A device with a secret of two versions, of which it has the first. */
export interface Lane {
  device: SimulatedDevice;
  secret: string;
  lets(version: number): Promise<boolean>;
  /** The version that we sign in with. */
  version(): Promise<number>;
  /** From the version that it has to the other; dies at the n-th point. Undefined when it has no so many, and is done. */
  dieAt(point: number): Promise<{ exchange: Exchange; from: number; to: number } | undefined>;
}

export function openLanes(scene: Scene): Lanes {
  const { database, secrets, pki, findings } = scene.holdfast;
  const reach = createDeviceReach({ db: database.db, log: silentLog, secrets, ssh: pki.ssh, findings });
  return {
    close: () => reach.close(),
    async open({ name, secret, value }) {
      const { client } = scene;
      const device = scene.device(name);
      await client.secrets.create({ name: secret, value });
      const next = await newCredential(value, device.platform === "frr" ? "ed25519" : "rsa");
      await inTransaction(database.db, (tx) => secrets.addVersion(tx, { name: secret, after: 1, value: next }, { actor: "system:test" }));
      const { id, etag } = await client.devices.get({ id: name });
      await client.devices.update({ id, credential: secret }, { context: { ifMatch: etag } });
      await pin(scene, { device_id: id, secret, version: 1, at: new Date() });
      // What is there now is what ought to be there.
      await forget(scene, name);
      await client.devices.backup({ devices: [name] });
      return laneOf({ scene, reach, device, secret, values: [value, next] });
    },
  };
}

async function pin({ holdfast }: Scene, row: { device_id: string; secret: string; version: number; at: Date }): Promise<void> {
  const tables = holdfast.database.db.withTables<{ "devices.credential_pin": typeof row }>();
  await tables.deleteFrom("devices.credential_pin").where("device_id", "=", row.device_id).execute();
  await tables.insertInto("devices.credential_pin").values(row).execute();
}

async function forget({ holdfast }: Scene, name: string): Promise<void> {
  const unknown = { expected_hash: null, expected_version: null, drifted_since: null };
  const tables = holdfast.database.db.withTables<{ "devices.device": typeof unknown & { name: string } }>();
  await tables.updateTable("devices.device").set(unknown).where("name", "=", name).execute();
}

interface LaneParts {
  scene: Scene;
  reach: DeviceReach;
  device: SimulatedDevice;
  secret: string;
  values: Exchanged[];
}

function laneOf({ scene, reach, device, secret, values }: LaneParts): Lane {
  const valueOf = (version: number): Exchanged => {
    const value = values[version - 1];
    if (!value) throw new Error(`${secret} has no version ${version} here`);
    return value;
  };
  const letsVersion = (version: number): Promise<boolean> => {
    const value = valueOf(version);
    return lets(device, value.kind === "password" ? { password: value.password } : { privateKey: value.privateKey });
  };
  const version = async (): Promise<number> => {
    const { items } = await scene.client.credentials.list({ secret });
    return items.find((one) => one.deviceName === device.name)?.version ?? 0;
  };
  return {
    device,
    secret,
    version,
    lets: letsVersion,
    async dieAt(point) {
      const from = await version();
      const to = 3 - from;
      const [old, next] = [valueOf(from), valueOf(to)];
      const keys = old.kind === "ssh_key" && next.kind === "ssh_key" ? { keys: { from: publicKeyOf(old), to: publicKeyOf(next) } } : {};
      const payload = { platform: device.platform, secret, username: user.username, from, to, ...keys };
      const target = { id: await scene.idOf(device.name), name: device.name, labels: {} };
      const exchange = new Exchange(reach.credentialCarrier, credentialChange(target, payload));
      exchange.dieAt = point;
      try {
        await exchange.forward("prepare");
        return undefined;
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: "test_dead" });
      }
      exchange.dieAt = Number.POSITIVE_INFINITY;
      expect([await letsVersion(from), await letsVersion(to)], `locked out at point ${point}, in ${exchange.at}`).toContain(true);
      return { exchange, from, to };
    },
  };
}
