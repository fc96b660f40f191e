/** What every command has at hand: the client, the screen, the format. Made when it is first used, so that `--help` needs no server. */
import { randomUUID } from "node:crypto";
import { createClient, type CallContext, type Client } from "@holdfast/contract";
import type { Command } from "commander";
import { terminal, type Format, type Screen } from "./output.ts";
import { readProfile, type Profile } from "./profile.ts";
import { renewingFetch } from "./renewal.ts";
import { stepUpFetch } from "./step-up.ts";

export interface Session {
  client: Client;
  screen: Screen;
  format: Format;
  url: string;
}

/** The session for a command that was called. @throws Problem `cli_signed_out` */
export function sessionOf(command: Command): Session {
  const { output } = command.optsWithGlobals<{ output?: Format }>();
  const profile = readProfile();
  return { client: clientOf(profile), screen: terminal, format: output ?? "table", url: profile.url };
}

/** A client that comes as the profile says. */
export function clientOf(profile: Profile): Client {
  if ("apiKey" in profile) return createClient(profile);
  const { url } = profile;
  return createClient({ url, fetch: stepUpFetch({ url }, renewingFetch(profile)) });
}

/** For a call that creates or acts: a retry does nothing twice. */
export function once(): { context: CallContext } {
  return { context: { idempotencyKey: randomUUID() } };
}

/** All pages of a list. */
export async function everyPage<T>(read: (cursor: string | undefined) => Promise<{ items: T[]; next?: string | undefined }>): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await read(cursor);
    all.push(...page.items);
    if (page.next === undefined) return all;
    cursor = page.next;
  }
}
