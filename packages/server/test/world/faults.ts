/** What can be made to go wrong with a device, each while it runs. */

/** Commands are named by how they start, as the device reads them: `show running-config`, `ip address`. */
export type Fault =
  /** Nobody answers: connections are refused, or taken and left without a word. */
  | { kind: "unreachable"; how: "refuse" | "blackhole" }
  | { kind: "wrong-password" }
  /** New connections meet another host key. */
  | { kind: "changed-host-key" }
  /** Nothing comes any more once the command was given; with `afterBytes`, once that much of its answer came. */
  | { kind: "hang"; at: string; afterBytes?: number }
  /** The connection is cut: before the command has any effect, after it had, or after so many bytes sent in the session. */
  | { kind: "drop"; at: string; when?: "before" | "after" }
  | { kind: "drop-after"; bytes: number }
  /** Answers the platform's own refusal. */
  | { kind: "refuse"; at: string; say?: string }
  /** Takes the line without a word, and does nothing. */
  | { kind: "ignore"; at: string }
  /** So long before each answer. */
  | { kind: "slow"; ms: number }
  /** The answer of the command is filled up to this size. */
  | { kind: "huge"; at: string; bytes: number }
  /** A log line comes into every session, whatever is being said there. */
  | { kind: "syslog"; everyMs: number }
  /** Output comes in pieces of this many bytes. */
  | { kind: "split"; bytes: number }
  /** The dead-man's switch never fires, or too early. */
  | { kind: "switch-silent" }
  | { kind: "switch-early"; afterMs: number }
  | { kind: "disk-full" }
  | { kind: "cpu"; percent: number };

export type FaultKind = Fault["kind"];

interface Standing {
  fault: Fault;
  left: number;
}

/** The faults of one device. */
export class Faults {
  /** Told after a fault was set or lifted. */
  onChange: () => void = () => {};
  private standing: Standing[] = [];

  /** Sets a fault, for ever or for so many times; answers how to lift it. */
  set(fault: Fault, times = Number.POSITIVE_INFINITY): () => void {
    const one = { fault, left: times };
    this.keep([...this.standing, one]);
    return () => this.keep(this.standing.filter((other) => other !== one));
  }

  private keep(standing: Standing[]): void {
    this.standing = standing;
    this.onChange();
  }

  clear(kind?: FaultKind): void {
    this.keep(kind === undefined ? [] : this.standing.filter((one) => one.fault.kind !== kind));
  }

  list(): Fault[] {
    return this.standing.map((one) => one.fault);
  }

  /** The fault of a kind, without counting it as used. */
  peek<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    return this.standing.find((one) => one.fault.kind === kind)?.fault as Extract<Fault, { kind: K }> | undefined;
  }

  /** The same, and one of its times is gone. */
  take<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    return this.use((fault) => fault.kind === kind) as Extract<Fault, { kind: K }> | undefined;
  }

  /** A fault of the kind that names this command. */
  at<K extends "hang" | "drop" | "refuse" | "ignore" | "huge">(kind: K, command: string): Extract<Fault, { kind: K }> | undefined {
    const found = this.use((fault) => fault.kind === kind && command.trim().startsWith((fault as { at: string }).at));
    return found as Extract<Fault, { kind: K }> | undefined;
  }

  private use(meant: (fault: Fault) => boolean): Fault | undefined {
    if (this.standing.length === 0) return undefined;
    const one = this.standing.find(({ fault }) => meant(fault));
    if (!one) return undefined;
    one.left -= 1;
    if (one.left <= 0) this.keep(this.standing.filter((other) => other !== one));
    return one.fault;
  }
}
