/** What the demonstration needs of a network, simulated or real: its devices, its repository, and a look at the devices that does not go through Holdfast. */
import type { DeviceCredential } from "@holdfast/contract";

export interface DemoChange {
  title: string;
  /** Files of the repository as they are after the change, by path. */
  files: Record<string, string>;
  /** True for a running configuration that has the change. */
  has(running: string, device: string): boolean;
  /** Devices that the change is for. */
  devices: string[];
}

export interface DemoNetwork {
  name: string;
  devices: { name: string; fingerprint: string }[];
  /** Secrets by name, as the inventory refers to them. */
  secrets: Record<string, DeviceCredential>;
  /** The repository as it is first, by path. */
  files: Record<string, string>;
  good: DemoChange;
  /** A change that makes its devices unhealthy. */
  bad: DemoChange;
  hand: { device: string; lines: string[]; has(running: string): boolean };
  /** The running configuration as the device itself has it. */
  running(device: string): Promise<string>;
  /** Types lines on a device as somebody at its console would. */
  edit(device: string, lines: string[]): Promise<void>;
  /** How long a wave is watched: of a change that is known to be harmless, and long enough for a bad one to show. */
  goodBakeMs: number;
  badBakeMs: number;
}
