/** What a device keeps when its power, or our process, goes away: written whole, in one step, at every change. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface HistoryEntry {
  /** The world's time, milliseconds since 1970. */
  at: number;
  user: string;
  via: "ssh" | "console" | "switch";
  event: "line" | "replace" | "save" | "arm" | "confirm" | "revert" | "keys";
  /** The line as typed with the blocks that it stands in, or what was done. */
  text: string;
}

/** A dead-man's switch, armed. */
export interface Armed {
  token: string;
  user: string;
  /** What the device goes back to. */
  snapshot: string;
  armedAt: number;
  /** Our own time, so that it goes on while nobody simulates. */
  dueAtReal: number;
  seconds: number;
}

export interface DeviceState {
  running: string;
  startup: string;
  files: Record<string, string>;
  history: HistoryEntry[];
  lastChange?: { at: number; by: string };
  lastSave?: { at: number; by: string };
  armed?: Armed;
  fired?: { token: string; at: number };
  /** Token of the change that was confirmed last. */
  confirmed?: string;
  hostKey: string;
  /** Lines of the authorized_keys of its host's account. */
  authorizedKeys?: string[];
}

export interface StateStore {
  read(): DeviceState | undefined;
  write(state: DeviceState): void;
}

export const nowhere: StateStore = { read: () => undefined, write: () => {} };

export function stateFile(path: string): StateStore {
  return {
    read() {
      try {
        return JSON.parse(readFileSync(path, "utf8")) as DeviceState;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    write(state) {
      const next = `${path}.next`;
      try {
        writeFileSync(next, JSON.stringify(state), { mode: 0o600 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(next, JSON.stringify(state), { mode: 0o600 });
      }
      renameSync(next, path);
    },
  };
}
