/** `login`, `logout`, `whoami`. */
import { hostname } from "node:os";
import { createClient } from "@holdfast/contract";
import { Problem, Secret } from "@holdfast/kit";
import type { Command } from "commander";
import { ask, askHidden } from "../ask.ts";
import { formats, printValue, terminal } from "../output.ts";
import { profilePath, removeProfile, writeProfile } from "../profile.ts";
import { sessionOf } from "../session.ts";

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("Sign in and keep an API key for this machine")
    .requiredOption("--url <url>", "where Holdfast is, e.g. https://holdfast.example.net")
    .option("--link", "sign in with a one-time link instead of a password (it is asked for, never an argument)")
    .option("--key", "keep an API key that you have (it is asked for, never an argument)")
    .option("--days <n>", "how long the key is good for", "90")
    .action(async (options: { url: string; link?: boolean; key?: boolean; days: string }) => {
      const url = new URL(options.url).origin;
      const apiKey = options.key === true ? new Secret(await askHidden("API key: ")) : await signIn(url, options);
      const me = await createClient({ url, apiKey }).identity.me();
      writeProfile({ url, apiKey });
      terminal.err(`Signed in to ${url} as ${me.user.name} (${me.user.role}); the key is kept in ${profilePath()}.\n`);
    });
  program
    .command("logout")
    .description("Forget the API key of this machine")
    .action(() => {
      terminal.err(removeProfile() ? "Signed out.\n" : "You were not signed in.\n");
    });
  program
    .command("whoami")
    .description("Who am I, and what may I do")
    .action(async (_options, command: Command) => {
      const { client, screen, format, url } = sessionOf(command);
      const me = await client.identity.me();
      printValue(screen, format, {
        name: me.user.name,
        role: me.user.role,
        url,
        permissions: format === formats[0] ? me.permissions.join(", ") : me.permissions,
      });
    });
}

/** Signs in, makes a key with the session, and leaves the session. */
async function signIn(url: string, options: { link?: boolean; days: string }): Promise<Secret> {
  const jar: { cookie?: string } = {};
  const client = createClient({
    url,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (jar.cookie !== undefined) request.headers.set("cookie", jar.cookie);
      const response = await fetch(request);
      const cookie = response.headers.getSetCookie().find((one) => one.includes("holdfast_session="));
      if (cookie !== undefined) jar.cookie = cookie.split(";")[0] ?? "";
      return response;
    },
  });
  if (options.link === true) await client.identity.redeemLink({ token: tokenOf(await askHidden("One-time link: ")) });
  else await client.identity.signIn({ name: await ask("Name: "), password: await askHidden("Password: ") });
  const { key } = await client.identity.createKey({
    name: `cli on ${hostname()}`.slice(0, 100),
    scopes: [],
    expiresInDays: Number(options.days),
  });
  await client.identity.signOut();
  return new Secret(key);
}

function tokenOf(link: string): string {
  const token = /token=([^&\s]+)/.exec(link)?.[1] ?? link.trim();
  if (token !== "") return token;
  throw new Problem("cli_link_empty", { kind: "invalid", say: "That link has no token; paste it whole." });
}
