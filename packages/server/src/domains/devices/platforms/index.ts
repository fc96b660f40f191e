/** All platforms behind one face. `openDevice` opens one session; `createDevicePool` keeps, limits and reuses them. */
import { createBastions } from "../drivers/bastions.ts";
import { createPool, type Pool, type PoolOptions } from "../drivers/pool.ts";
import { scanHostKey } from "../drivers/ssh.ts";
import type { CliOptions, Opened } from "./cli.ts";
import { openFrr } from "./frr.ts";
import type { SwitchLedger } from "./ios-switch.ts";
import { openIos } from "./ios.ts";
import type { DeviceEndpoint, OpenSession } from "./session.ts";

export { scanHostKey };
export type { Pool };
export type * from "./session.ts";
export type { SwitchLedger } from "./ios-switch.ts";

export interface OpenOptions extends CliOptions {
  /** Shared by all sessions of a process, so that a switch armed in one is known in the next. Own to the session unless given. */
  ledger?: SwitchLedger;
}

/** Signs in and waits for the prompt. @throws DeviceError */
export async function openDevice(endpoint: DeviceEndpoint, options: OpenOptions = {}): Promise<OpenSession> {
  return withLife(await openOn(endpoint, options));
}

function openOn(endpoint: DeviceEndpoint, options: OpenOptions): Promise<Opened> {
  switch (endpoint.platform) {
    case "ios":
      return openIos(endpoint, options, options.ledger ?? new Map());
    case "frr":
      return openFrr(endpoint, options);
    case "jump_host":
      throw new Error(`${endpoint.name} is a jump host; who opens sessions asks before`);
  }
}

function withLife({ session, cli, reusable }: Opened): OpenSession {
  return {
    ...session,
    get usable() {
      return cli.usable && reusable();
    },
    over: cli.connection.over,
    probe: (timeoutMs) => cli.probe(timeoutMs),
    kill: (why) => cli.kill(why),
  };
}

export interface DevicePoolOptions extends Omit<PoolOptions, "open"> {
  /** For every session that is opened. */
  session?: Omit<OpenOptions, "signal" | "through" | "ledger">;
}

/** All sessions of this process. Those through one bastion share a connection to it, except fresh ones. */
export function createDevicePool({ session = {}, ...options }: DevicePoolOptions = {}): Pool {
  const ledger: SwitchLedger = new Map();
  const bastions = createBastions(options.idleMs ?? 30_000);
  const pool = createPool({
    ...options,
    open: async (endpoint, { fresh, signal }) => {
      const mine: OpenOptions = { ...session, ledger, ...(signal ? { signal } : {}) };
      if (!endpoint.bastion || fresh) return openDevice(endpoint, mine);
      const lease = await bastions.lease(endpoint.bastion, mine);
      try {
        const opened = await openDevice(endpoint, { ...mine, through: lease.connection });
        void opened.over.then(lease.release);
        return opened;
      } catch (thrown) {
        lease.release();
        throw thrown;
      }
    },
  });
  const close = async (): Promise<void> => {
    await pool.close();
    await bastions.close();
  };
  return { ...pool, close };
}
