/** A router without its terminal: what it has configured, what it keeps, and the timers that it runs. */
import type { WorldClock } from "./clock.ts";
import type { Compiled } from "./config/rules.ts";
import { load, newConfig, type Config } from "./config/session.ts";
import type { Block } from "./config/tree.ts";
import type { Facts } from "./facts.ts";
import { Faults } from "./faults.ts";
import type { Member, Network } from "./network.ts";
import type { Armed, DeviceState, HistoryEntry, StateStore } from "./state-file.ts";

export interface Platform {
  grammar: Compiled;
  /** The configuration as text that the device itself can read. */
  text(root: Block): string;
  facts(root: Block, hardware: ReadonlySet<string>): Facts;
  /** How long the device works on putting a configuration back. */
  revertMs: number;
}

export interface RouterSpec {
  name: string;
  platform: Platform;
  config: string;
  hardware: Iterable<string>;
  clock: WorldClock;
  network: Network;
  store: StateStore;
  hostKey: string;
  authorizedKeys: string[];
}

const keptHistory = 5000;

export class Router implements Member {
  readonly name: string;
  readonly clock: WorldClock;
  readonly network: Network;
  readonly faults = new Faults();
  readonly config: Config;
  readonly bootedAt: number;
  readonly state: DeviceState;
  /** Told when the timer has run out and the configuration is put back, so that terminals can say so. */
  readonly onRevert = new Set<(say: string) => void>();
  /** Told of everything that is written down, at that moment: before whoever did it is answered. */
  readonly onRecord = new Set<(entry: HistoryEntry) => void>();
  /** Sessions that look at it right now. */
  sessions = 0;
  private readonly platform: Platform;
  private readonly store: StateStore;
  /** Token of a switch that is putting the configuration back this moment. */
  reverting: string | undefined;
  private on = false;
  private cancelTimer: (() => void) | undefined;
  private seen = { revision: -1, text: "", facts: undefined as Facts | undefined };

  constructor(spec: RouterSpec) {
    this.name = spec.name;
    this.platform = spec.platform;
    this.clock = spec.clock;
    this.network = spec.network;
    this.store = spec.store;
    this.bootedAt = spec.clock.now() - 3_600_000 * (24 * 41 + 5);
    this.config = newConfig(spec.platform.grammar, spec.hardware);
    const kept = spec.store.read();
    this.state = kept ?? { running: "", startup: "", files: {}, history: [], hostKey: spec.hostKey, authorizedKeys: spec.authorizedKeys };
    this.fill(kept?.running ?? spec.config);
    if (!kept) this.state.startup = this.running();
    this.keep();
  }

  private fill(text: string): void {
    const refused = load(this.config, text.split("\n"));
    if (refused.length === 0) return;
    const lines = refused.map(({ line, text }) => `line ${line}: ${text.trim()}`);
    throw new Error(`${this.name} does not take its configuration: ${lines.slice(0, 5).join("; ")}`);
  }

  powered(): boolean {
    return this.on;
  }

  powerOn(): void {
    this.on = true;
    this.runTimer();
    this.network.changed();
  }

  powerOff(): void {
    this.on = false;
    this.cancelTimer?.();
    this.network.changed();
  }

  /** What it has configured, without the words that a terminal puts around it. */
  running(): string {
    if (this.seen.revision !== this.config.revision) this.look();
    return this.seen.text;
  }

  facts(): Facts {
    if (this.seen.revision !== this.config.revision) this.look();
    return this.seen.facts!;
  }

  private look(): void {
    const { root, revision, hardware } = this.config;
    this.seen = { revision, text: this.platform.text(root), facts: this.platform.facts(root, hardware) };
  }

  hostname(): string {
    return this.facts().hostname ?? "Router";
  }

  /** Puts another configuration in the place of this one. */
  replace(text: string): void {
    const next = newConfig(this.platform.grammar, this.config.hardware);
    load(next, text.split("\n"));
    this.config.root = next.root;
    this.config.nextOrder = next.nextOrder;
    this.config.revision += 1;
  }

  /** Writes down what happened; a changed configuration is felt by the neighbours at once. */
  record(entry: Omit<HistoryEntry, "at">): void {
    const at = this.clock.now();
    const { history } = this.state;
    history.push({ at, ...entry });
    if (history.length > keptHistory) history.splice(0, history.length - keptHistory);
    if (["line", "replace", "revert"].includes(entry.event)) this.state.lastChange = { at, by: entry.user };
    this.keep();
    this.network.changed();
    for (const tell of this.onRecord) tell({ at, ...entry });
  }

  /** False when the disk is full. */
  save(user: string): boolean {
    if (this.faults.peek("disk-full")) return false;
    this.state.startup = this.running();
    this.state.lastSave = { at: this.clock.now(), by: user };
    this.record({ user, via: "ssh", event: "save", text: "running configuration saved" });
    return true;
  }

  keep(): void {
    this.state.running = this.running();
    this.store.write(this.state);
  }

  arm(switchOf: Pick<Armed, "token" | "user" | "seconds">): Armed {
    const armedAt = this.clock.now();
    const dueAtReal = Date.now() + (switchOf.seconds * 1000) / this.clock.scale;
    const armed: Armed = { ...switchOf, snapshot: this.running(), armedAt, dueAtReal };
    delete this.state.fired;
    delete this.state.confirmed;
    this.state.armed = armed;
    this.runTimer();
    this.record({ user: armed.user, via: "switch", event: "arm", text: `${armed.token} for ${armed.seconds} s` });
    return armed;
  }

  /** Starts the timer again from now. False when nothing was armed. */
  rearm(seconds: number): boolean {
    const { armed } = this.state;
    if (!armed) return false;
    Object.assign(armed, { seconds, armedAt: this.clock.now(), dueAtReal: Date.now() + (seconds * 1000) / this.clock.scale });
    this.runTimer();
    this.keep();
    return true;
  }

  /** What was not saved is gone, and so is a switch that was armed. */
  reboot(): void {
    delete this.state.armed;
    this.replace(this.state.startup);
    this.record({ user: "", via: "console", event: "replace", text: "started from the saved configuration" });
  }

  secondsLeft(): number {
    const { armed } = this.state;
    return armed ? Math.max(0, Math.ceil(this.leftMs(armed) / 1000)) : 0;
  }

  /** The change is kept. False when nothing was armed. */
  confirm(user: string): boolean {
    const { armed } = this.state;
    if (!armed || this.reverting !== undefined) return false;
    this.cancelTimer?.();
    delete this.state.armed;
    this.state.confirmed = armed.token;
    this.record({ user, via: "switch", event: "confirm", text: armed.token });
    return true;
  }

  /** Goes back to the configuration of the moment of arming. */
  revert(user: string): boolean {
    const { armed } = this.state;
    if (!armed) return false;
    this.cancelTimer?.();
    this.reverting = undefined;
    this.replace(armed.snapshot);
    delete this.state.armed;
    this.state.fired = { token: armed.token, at: this.clock.now() };
    this.record({ user, via: "switch", event: "revert", text: armed.token });
    return true;
  }

  private runTimer(): void {
    this.cancelTimer?.();
    const { armed } = this.state;
    if (!armed || !this.on) return;
    const early = this.faults.peek("switch-early");
    const leftMs = early ? early.afterMs : this.leftMs(armed);
    this.cancelTimer = this.clock.after(leftMs, () => {
      if (this.faults.peek("switch-silent")) return;
      this.reverting = armed.token;
      for (const tell of this.onRevert) tell(armed.token);
      this.cancelTimer = this.clock.after(this.platform.revertMs, () => this.revert(armed.user));
    });
  }

  /** With a held clock our own time means nothing. */
  private leftMs(armed: Armed): number {
    const byWorld = armed.seconds * 1000 - (this.clock.now() - armed.armedAt);
    const byUs = (armed.dueAtReal - Date.now()) * this.clock.scale;
    return this.clock.held ? byWorld : byUs;
  }
}
