/** The one face of all platforms: what can be asked of a device, and what it answers. */
import type { DevicePlatform } from "@holdfast/contract";
import type { SignInCredential } from "../drivers/auth.ts";
import type { DeviceError } from "../drivers/error.ts";
import type { Account } from "./account.ts";

/** A device and the way there. Holds secrets: never to be logged. */
export interface DeviceEndpoint {
  id: string;
  name: string;
  /** A `jump_host` only as a bastion: it is gone through, never opened. */
  platform: DevicePlatform;
  address: string;
  port: number;
  /** Pinned host key, `SHA256:…`; without it opening fails with `host_key_unknown`. */
  hostKey?: string;
  credential: SignInCredential;
  bastion?: DeviceEndpoint;
  /** Also offer SHA-1, CBC and DSS, for very old devices. */
  legacyAlgorithms?: boolean;
}

export interface RefusedLine {
  /** Index into the lines given. */
  index: number;
  line: string;
  /** The device's own words. May repeat a secret of the line: mask before it is shown. */
  vendorText: string;
  /** Column in the line (from 0) at which the device pointed. */
  position?: number;
}

export interface Configured {
  /** Lines that were sent, the refused one included. */
  sent: number;
  refused?: RefusedLine;
}

export interface PendingSwitch {
  /** Absent when the switch was not armed by us, or when the platform keeps no token and this process did not arm it. */
  token?: string;
  /** 0 when it is about to revert, or reverting, or when the device does not tell. */
  remainingMs: number;
}

export interface DeviceHealth {
  /** 0–100; absent where the platform does not tell. */
  cpuPercent?: number;
  memoryPercent?: number;
  uptimeS?: number;
  interfacesUp: string[];
  /** Every interface that is not up, those shut on purpose included. */
  interfacesDown: string[];
  /** Router ids of OSPF neighbours in state Full; one id as often as there are adjacencies with it. */
  ospfFull: string[];
  /** Addresses (or names) of BGP neighbours in state Established. */
  bgpEstablished: string[];
}

export interface PingAnswer {
  sent: number;
  received: number;
  /** Mean round trip in milliseconds; absent when nothing came back. */
  rttMs?: number;
}

/**
 * A signed-in session; one call at a time. All calls throw DeviceError. After `timeout`, `connection_lost`,
 * `unexpected_prompt`, `output_too_large` or `out_of_step` the session is closed and every further call fails.
 */
export interface DeviceSession {
  /** The whole running configuration: lines ended by `\n`, without the vendor's noise (build lines, timestamps, `end`). */
  running(): Promise<string>;
  /** Another text after every change of the running configuration, cheap to ask for; undefined where the device keeps none. */
  changeMark(): Promise<string | undefined>;
  /** One command that reads, in exec mode; its output without the last line break. @throws DeviceError `command_not_allowed`, `command_refused` */
  run(command: string, options?: { timeoutMs?: number }): Promise<string>;
  /**
   * Sends lines in configuration mode, in order, and stops at the first that the device refuses. Leaves configuration
   * mode in any case. What was sent before the refused line is in force: that is what the switch is for.
   * @param mayGoOn called before each line; what it throws ends the session before the line is sent
   */
  configure(lines: readonly string[], mayGoOn?: () => void): Promise<Configured>;
  /**
   * Arms the dead-man's switch: the device goes back to its present running configuration by itself unless confirmed.
   * @param token up to 64 letters, digits, - and _
   * @param ms rounded up to what the platform can (IOS: minutes, 1–120)
   * @throws DeviceError `no_dead_mans_switch`, `switch_busy`; nothing was touched then
   */
  arm(token: string, ms: number): Promise<{ expiresAtMs: number }>;
  /** `not_armed` also when the platform keeps no token and this process did not arm it: look at the running configuration. */
  confirm(token: string): Promise<"confirmed" | "not_armed" | "already_reverted">;
  /** Reverts now, and resolves when the device is back. */
  revertNow(token: string): Promise<"reverted" | "not_armed">;
  pending(): Promise<PendingSwitch | undefined>;
  /** Makes the running configuration the one to boot with. @throws DeviceError `switch_armed` while a switch is armed */
  save(): Promise<void>;
  health(): Promise<DeviceHealth>;
  ping(address: string, count: number): Promise<PingAnswer>;
  /** What signs in to the account of this session. */
  readonly account: Account;
  close(): Promise<void>;
}

/** A session as a pool needs it. */
export interface OpenSession extends DeviceSession {
  /** False once anything went wrong with the connection, or when nobody else may have it after its caller. */
  readonly usable: boolean;
  /** Resolves when the connection is over, for whatever reason. */
  readonly over: Promise<void>;
  /** A round trip that changes nothing; throws when the session is dead. */
  probe(timeoutMs: number): Promise<void>;
  /** Ends it at once; what is under way fails with `why`. */
  kill(why: DeviceError): void;
}
