/** What a command of local administration is, and what it has at hand. */
import { userInfo } from "node:os";
import type { Settings } from "#platform/settings";
import type { Holdfast } from "../compose.ts";
import type { Terminal } from "./terminal.ts";

export interface AdminCall {
  /** As many as `takes` names. */
  args: string[];
  options: Record<string, string | boolean | undefined>;
  settings: Settings;
  terminal: Terminal;
  signal: AbortSignal;
  /** Opens the database at the first call; nothing that works by itself is begun. `mayMake`: one that is missing is made. */
  holdfast(options?: { mayMake?: boolean }): Promise<Holdfast>;
}

export interface AdminCommand {
  words: string;
  takes: string[];
  options: Record<string, { type: "string" | "boolean"; value?: string; say: string }>;
  say: string;
  run(call: AdminCall): Promise<void>;
}

/** Whoever may start commands on the machine is known to it, not to us; the audit trail names that user. */
export function localAdmin(): { actor: string; access: "unlimited" } {
  return { actor: `system:admin/${osUser()}`, access: "unlimited" };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown"); // a number without an entry in /etc/passwd
  }
}
