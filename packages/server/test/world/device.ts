/** A simulated device: a real SSH server in front of a router that has real configuration, timers and neighbours. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { hostAccounts, iosAccounts } from "./accounts.ts";
import { runningClock, type WorldClock } from "./clock.ts";
import { ConfigSession } from "./config/session.ts";
import type { Fault } from "./faults.ts";
import { newHostKey } from "./host-key.ts";
import { frrFacts } from "./frr/facts.ts";
import { runKeys } from "./frr/keys.ts";
import { frrGrammar, frrText } from "./frr/platform.ts";
import { FrrShell } from "./frr/shell.ts";
import { runSwitch } from "./frr/switch.ts";
import { iosFacts } from "./ios/facts.ts";
import { iosGrammar, iosText } from "./ios/platform.ts";
import { IosShell } from "./ios/shell.ts";
import { interfaceName, isPhysical } from "./ios/types.ts";
import { Network } from "./network.ts";
import { Router, type Platform } from "./router.ts";
import { SshFront, type FrontSpec } from "./ssh-front.ts";
import { nowhere, stateFile, type HistoryEntry } from "./state-file.ts";
import { logTime } from "./times.ts";

export type PlatformName = "ios" | "frr";

export interface DeviceSpec {
  name: string;
  platform: PlatformName;
  /** What it starts with, unless `stateFile` holds something. A line that it refuses is an error. */
  config: string;
  /** The account that it comes with. An IOS that has `username …` of this name configured goes by that. */
  username: string;
  password: string;
  /** FRR only: lines of the account's authorized_keys. */
  authorizedKeys?: string[];
  /** IOS only: the session starts in user mode, and `enable` asks for this unless an `enable secret` is configured. */
  enablePassword?: string;
  /** Private key in OpenSSH format; a new ed25519 key unless told. */
  hostKey?: string;
  /** 0 for any. */
  port?: number;
  /** Keeps everything over the end of our process. */
  stateFile?: string;
  /** Ports that it has besides those that the configuration or a link names. */
  interfaces?: string[];
  clock?: WorldClock;
  network?: Network;
}

export interface SimulatedDevice {
  readonly name: string;
  readonly platform: PlatformName;
  readonly port: number;
  /** `SHA256:…` of the host key that it shows now. */
  readonly fingerprint: string;
  readonly history: readonly HistoryEntry[];
  /** Open terminals and exec channels. */
  readonly sessions: number;
  /** The dead-man's switch: whether it is armed, and until when. */
  readonly armed: { token: string; secondsLeft: number } | undefined;
  /** What it has configured, in its own order and words, without the noise of a terminal. */
  running(): string;
  /** What it has saved. */
  startup(): string;
  /** Lines typed at its console, from the outermost mode on; a refused line is an error. */
  edit(lines: string[], user?: string): void;
  /** Sets a fault, for ever or for so many times; answers how to lift it. Resolves when it is in force. */
  fault(fault: Fault, times?: number): Promise<() => Promise<void>>;
  clearFaults(): Promise<void>;
  /** Off the network, links down; what is configured stays. */
  stop(): Promise<void>;
  /** On again, under the same port and key. */
  start(): Promise<void>;
  /** Loses what was not saved. */
  reboot(): void;
  /** The router behind it, for checks that go deeper. */
  readonly router: Router;
}

const platforms: Record<PlatformName, Platform> = {
  ios: { grammar: iosGrammar, text: iosText, facts: (root) => iosFacts(root), revertMs: 0 },
  frr: { grammar: frrGrammar, text: frrText, facts: frrFacts, revertMs: 150 },
};

const idents: Record<PlatformName, string> = { ios: "Cisco-1.25", frr: "OpenSSH_9.2p1 Debian-2+deb12u7" };

/** Ports that a configuration speaks of are there. */
function hardwareOf(spec: DeviceSpec, network: Network): Set<string> {
  const named = [...spec.config.matchAll(/^interface (\S+)/gm)].map((match) => match[1]!);
  const all = [...named, ...(spec.interfaces ?? []), ...network.interfacesOf(spec.name)];
  if (spec.platform === "frr") return new Set([...all, "lo"]);
  return new Set(all.map((name) => interfaceName(name) ?? name).filter((name) => isPhysical(name)));
}

/** A device that is switched off until its network opens; see `startDevice` and `startFleet`. */
export function buildDevice(spec: DeviceSpec): SimulatedDevice {
  const clock = spec.clock ?? runningClock();
  const network = spec.network ?? new Network(clock);
  if (spec.stateFile) mkdirSync(dirname(spec.stateFile), { recursive: true });
  const router = new Router({
    name: spec.name,
    platform: platforms[spec.platform],
    config: spec.config,
    hardware: hardwareOf(spec, network),
    clock,
    network,
    store: spec.stateFile ? stateFile(spec.stateFile) : nowhere,
    hostKey: spec.hostKey ?? newHostKey(),
    authorizedKeys: spec.authorizedKeys ?? [],
  });
  network.join(router);
  return new Device(spec, router);
}

class Device implements SimulatedDevice {
  readonly name: string;
  readonly platform: PlatformName;
  readonly router: Router;
  private readonly front: SshFront;

  constructor(spec: DeviceSpec, router: Router) {
    this.name = spec.name;
    this.platform = spec.platform;
    this.router = router;
    this.front = new SshFront(frontOf(spec, router));
    this.front.port = spec.port ?? 0;
  }

  get port(): number {
    return this.front.port;
  }

  get fingerprint(): string {
    return this.front.fingerprint;
  }

  get history(): readonly HistoryEntry[] {
    return this.router.state.history;
  }

  get sessions(): number {
    return this.router.sessions;
  }

  get armed(): { token: string; secondsLeft: number } | undefined {
    const { armed } = this.router.state;
    return armed && { token: armed.token, secondsLeft: this.router.secondsLeft() };
  }

  running(): string {
    return this.router.running();
  }

  startup(): string {
    return this.router.state.startup;
  }

  edit(lines: string[], user = "console"): void {
    const session = new ConfigSession(this.router.config);
    for (const line of lines) {
      const where = session.path.map((step) => step.key);
      let result = session.line(line);
      if (result.is === "question") result = session.answer(true);
      if (result.is !== "done" && result.is !== "collecting")
        throw new Error(`${this.name} refuses: ${line.trim()} ${result.says.join(" ")}`);
      if (result.changed) this.router.record({ user, via: "console", event: "line", text: [...where, line.trim()].join(" / ") });
    }
  }

  async fault(fault: Fault, times?: number): Promise<() => Promise<void>> {
    const lift = this.router.faults.set(fault, times);
    await this.front.settled();
    return async () => {
      lift();
      await this.front.settled();
    };
  }

  async clearFaults(): Promise<void> {
    this.router.faults.clear();
    await this.front.settled();
  }

  async stop(): Promise<void> {
    this.router.powerOff();
    await this.front.close();
  }

  async start(): Promise<void> {
    await this.front.listen(this.front.port);
    this.router.powerOn();
  }

  reboot(): void {
    this.router.reboot();
  }
}

function frontOf(spec: DeviceSpec, router: Router): FrontSpec {
  const { enablePassword } = spec;
  const accounts = spec.platform === "ios" ? iosAccounts(router, spec) : hostAccounts(router, spec);
  const shared = { router, accounts, ident: idents[spec.platform] };
  if (spec.platform === "ios") {
    return {
      ...shared,
      lines: 16,
      makeShell: (terminal, user) => new IosShell({ router, user, terminal, enablePassword }),
      logLine: () =>
        `\n*${logTime(router.clock.now())}: %SYS-6-LOGGINGHOST_STARTSTOP: Logging to host 192.0.2.200 port 514 started - CLI initiated\n`,
    };
  }
  return {
    ...shared,
    lines: 100,
    makeShell: (terminal, user) => loginShell(new FrrShell({ router, user, terminal }), router),
    program: ([name, ...words], user) => programs[name ?? ""]?.(router, words, user),
    logLine: () => `2026/01/05 08:00:00 OSPF: [M7Q4P-46WDR] vty[21]@> terminal monitor\n`,
  };
}

const programs: Record<string, typeof runSwitch> = { "holdfast-switch": runSwitch, "holdfast-keys": runKeys };

function loginShell(shell: FrrShell, router: Router): FrrShell {
  shell.lastLogin = `Last login: ${logTime(router.clock.now() - 3_600_000).slice(0, 15)} ${new Date(router.clock.now()).getUTCFullYear()} from 127.0.0.1\n`;
  return shell;
}

/** One device alone, listening. */
export async function startDevice(spec: DeviceSpec): Promise<SimulatedDevice> {
  const clock = spec.clock ?? runningClock();
  const network = spec.network ?? new Network(clock);
  const device = buildDevice({ ...spec, clock, network });
  await device.start();
  if (!spec.network) network.open();
  return device;
}
