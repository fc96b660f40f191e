/** `login`, `logout`, `whoami`. */
import { hostname } from "node:os";
import { createClient, type Challenged, type Client } from "@holdfast/contract";
import { isProblem, Problem, Secret, writeGrants } from "@holdfast/kit";
import type { Command } from "commander";
import { wholeNumber } from "../input.ts";
import { ask, askHidden } from "../ask.ts";
import { printValue, terminal } from "../output.ts";
import { originOf, profilePath, readProfile, removeProfile, writeProfile } from "../profile.ts";
import { sessionOf } from "../session.ts";
import { askProof } from "../step-up.ts";

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("Sign in and keep an API key for this machine")
    .requiredOption("--url <url>", "where Holdfast is, e.g. https://holdfast.example.net")
    .option("--link", "sign in with a one-time link instead of a password (it is asked for, never an argument)")
    .option("--key", "keep an API key that you have (it is asked for, never an argument)")
    .option("--days <n>", "how long the key is good for", wholeNumber(365), 90)
    .action(async (options: { url: string; link?: boolean; key?: boolean; days: number }) => {
      const url = originOf(options.url);
      if (goesInTheClear(url)) terminal.err(`Careful: ${url} is not encrypted; who is on the way reads what you type and the key.\n`);
      const apiKey = options.key === true ? new Secret(await askHidden("API key: ")) : await signIn(url, options);
      const me = await createClient({ url, apiKey }).identity.me();
      writeProfile({ url, apiKey, ours: options.key !== true });
      terminal.err(`Signed in to ${url} as ${me.user.name} (${writeGrants(me.user.grants)}); the key is kept in ${profilePath()}.\n`);
    });
  program
    .command("logout")
    .description("End the API key of this machine, and forget it")
    .action(async () => {
      const ended = await endKey();
      terminal.err(removeProfile() ? `Signed out; ${ended}.\n` : "You were not signed in.\n");
    });
  program
    .command("whoami")
    .description("Who am I, and what may I do")
    .action(async (_options, command: Command) => {
      const { client, screen, format, url } = sessionOf(command);
      const me = await client.identity.me();
      printValue(screen, format, {
        name: me.user.name,
        roles: writeGrants(me.user.grants),
        url,
        permissions: me.permissions,
      });
    });
}

/** Signs in, makes a key with the session, and leaves the session. */
async function signIn(url: string, options: { link?: boolean; days: number }): Promise<Secret> {
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
  const first =
    options.link === true
      ? await client.identity.redeemLink({ token: tokenOf(await askHidden("One-time link: ")) })
      : await client.identity.signIn({ name: await ask("Name: "), password: await askHidden("Password: ") });
  const me = "challenge" in first ? await showFactor(client, first.challenge) : first;
  if (me.must !== undefined) throw enrolFirst(url);
  const { key } = await client.identity.createKey({
    name: `cli on ${hostname()}`.slice(0, 100),
    // By name, so that the key may also do what a person would have to prove themselves for.
    scopes: me.permissions,
    expiresInDays: options.days,
  });
  await client.identity.signOut();
  return new Secret(key);
}

async function showFactor(client: Client, { token, methods }: Challenged["challenge"]) {
  if (methods.includes("totp") || methods.includes("backup-code"))
    return client.factors.secondFactor({ token, ...(await askProof(methods)) });
  throw new Problem("cli_passkey_only", {
    kind: "invalid",
    say: "Your only second factor is a passkey, which needs a browser: sign in there, make an API key, and use `holdfast login --key`.",
  });
}

function enrolFirst(url: string): Problem {
  return new Problem("cli_enrol_first", {
    kind: "forbidden",
    say: `Your role needs a second factor; sign in at ${url} and enrol one first.`,
  });
}

/** Ends the stored key at the server where `login` made it; what became of it, for a person. */
async function endKey(): Promise<string> {
  try {
    const { ours, ...profile } = readProfile({ ...process.env, HOLDFAST_URL: undefined, HOLDFAST_API_KEY: undefined });
    if (ours !== true) return "the key is yours and stays good until it expires or you revoke it";
    const client = createClient(profile);
    const mine = (await client.identity.listKeys()).items.find(({ prefix }) => profile.apiKey.reveal().startsWith(prefix));
    if (mine) await client.identity.revokeKey({ id: mine.id });
    return "the key is ended";
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return thrown.kind === "unauthenticated" ? "the key had ended already" : `the key could not be ended (${thrown.message})`;
  }
}

function goesInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

function tokenOf(link: string): string {
  const token = /token=([^&\s]+)/.exec(link)?.[1] ?? link.trim();
  if (token !== "") return token;
  throw new Problem("cli_link_empty", { kind: "invalid", say: "That link has no token; paste it whole." });
}
