/** What can go wrong between us and a device, as one typed error. */
import { Problem, type ProblemKind, type ProblemParts } from "@holdfast/kit";

const kinds = {
  /** No TCP connection, no SSH greeting, or the bastion could not reach it. */
  unreachable: "unavailable",
  auth_failed: "not_ready",
  /** Nothing is pinned; `fingerprint` is what the device showed. */
  host_key_unknown: "not_ready",
  /** Another key than the pinned one: a hard stop. `fingerprint` is what the device showed. */
  host_key_changed: "conflict",
  /** No key exchange, cipher or host-key type in common. */
  algorithms_differ: "not_ready",
  /** Connected, then silent for too long. The connection was closed. */
  timeout: "unavailable",
  /** The connection ended while a command was under way, or was found dead. */
  connection_lost: "unavailable",
  /** The device refused a command; `vendorText`, `position`. */
  command_refused: "invalid",
  /** The device asked something that nobody told us the answer to. It was not answered; the connection was closed. */
  unexpected_prompt: "not_ready",
  /** More output than the limit; nothing of it is given. The connection was closed. */
  output_too_large: "limit",
  /** The output ended before its own end mark; nothing of it is given. */
  output_incomplete: "unavailable",
  /** What came back did not belong to what was sent. The connection was closed. */
  out_of_step: "broken",
  /** The device has no dead-man's switch, or it is turned off there. */
  no_dead_mans_switch: "not_ready",
  /** The dead-man's switch of this device is armed for something else. */
  switch_busy: "conflict",
  /** The device took a change back, but is not what it was before; `vendorText` says what is left. */
  revert_incomplete: "broken",
  /** Refused because a dead-man's switch is still armed. */
  switch_armed: "conflict",
  /** Signed in with fewer rights than are needed. */
  privilege_too_low: "not_ready",
  /** A command that cannot be sent: it holds a line break or another control character. */
  command_malformed: "invalid",
  /** A command that does more than read, where only reading is allowed; it was not sent. */
  command_not_allowed: "forbidden",
  /** Too many wait for devices already. */
  too_many_waiting: "limit",
  /** The caller gave up. */
  aborted: "unavailable",
  /** The session or pool was closed before. */
  closed: "unavailable",
} as const satisfies Record<string, ProblemKind>;

export type DeviceErrorReason = keyof typeof kinds;

export interface DeviceErrorParts extends Pick<ProblemParts, "say" | "because" | "with"> {
  /** The device's own words, in full. May hold a secret (devices repeat the line): mask before it is shown. */
  vendorText?: string;
  /** The command under way. May hold a secret. */
  command?: string;
  /** Column in `command` (from 0) at which the device pointed. */
  position?: number;
  /** The host key that the device showed, `SHA256:…`. */
  fingerprint?: string;
}

/** A Problem with code `devices_<reason>`. `message` is safe for anyone; `vendorText` and `command` are not. */
export class DeviceError extends Problem {
  readonly reason: DeviceErrorReason;
  readonly vendorText: string | undefined;
  readonly command: string | undefined;
  readonly position: number | undefined;
  readonly fingerprint: string | undefined;

  constructor(reason: DeviceErrorReason, parts: DeviceErrorParts) {
    const { vendorText, command, position, fingerprint, ...rest } = parts;
    super(`devices_${reason}`, { ...rest, kind: kinds[reason] });
    this.reason = reason;
    this.vendorText = vendorText;
    this.command = command;
    this.position = position;
    this.fingerprint = fingerprint;
    for (const key of ["vendorText", "command"]) Object.defineProperty(this, key, { enumerable: false });
  }
}
