/** `login`, `logout`, `whoami`. */
import { createClient, type Challenged, type Client } from "@holdfast/contract";
import { isProblem, Problem, Secret, writeGrants } from "@holdfast/kit";
import type { Command } from "commander";
import { userAgent } from "../agent.ts";
import { ask, askHidden } from "../ask.ts";
import { around } from "../outside.ts";
import { printValue, terminal } from "../output.ts";
import { signInByDevice } from "../device-code.ts";
import { originOf, profilePath, readProfile, removeProfile, writeProfile, type Profile, type Tokens } from "../profile.ts";
import { keptTokens } from "../renewal.ts";
import { clientOf, sessionOf } from "../session.ts";
import { askProof } from "../step-up.ts";

interface LoginOptions {
  url: string;
  password?: boolean;
  link?: boolean;
  key?: boolean;
}

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("Sign in: a code to type in the browser, unless an option says otherwise")
    .requiredOption("--url <url>", "where Holdfast is, e.g. https://holdfast.example.net")
    .option("--password", "with name and password, here (they are asked for, or are lines of stdin)")
    .option("--link", "with a one-time link (it is asked for, never an argument)")
    .option("--key", "keep an API key that you have (it is asked for, never an argument)")
    .addHelpText(
      "after",
      "\nA sign-in lasts for seven days without use, thirty at most. Programs come with an API key: HOLDFAST_URL and HOLDFAST_API_KEY.",
    )
    .action(async (options: LoginOptions) => {
      const url = originOf(options.url);
      if (goesInTheClear(url)) terminal.err(`Careful: ${url} is not encrypted; who is on the way reads what you type and the key.\n`);
      const profile = await profileFor(url, options);
      if ("apiKey" in profile) await sayWho(profile); // a key that does not count is not kept
      writeProfile(profile);
      if ("tokens" in profile) await sayWho(profile);
    });
  program
    .command("logout")
    .description("End the session of this machine, and forget it")
    .action(async () => {
      const ended = await end();
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

async function profileFor(url: string, options: LoginOptions): Promise<Profile> {
  if (options.key === true) return { url, apiKey: new Secret(await askHidden("API key: ")), ours: false };
  if (options.password !== true && options.link !== true) return { url, tokens: await signInByDevice(url, terminal.err) };
  return { url, tokens: await signIn(url, options) };
}

async function sayWho(profile: Profile): Promise<void> {
  const me = await clientOf(profile).identity.me();
  terminal.err(`Signed in to ${profile.url} as ${me.user.name} (${writeGrants(me.user.grants)}); it is kept in ${profilePath()}.\n`);
}

/** Signs in as a browser would, and trades the session's cookie for tokens. */
async function signIn(url: string, options: LoginOptions): Promise<Tokens> {
  const jar: { cookie?: string } = {};
  const client = createClient({
    url,
    headers: userAgent,
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
  return keptTokens(await client.tokens.trade());
}

async function showFactor(client: Client, { token, methods }: Challenged["challenge"]) {
  if (methods.includes("totp") || methods.includes("backup-code"))
    return client.factors.secondFactor({ token, ...(await askProof(methods)) });
  throw new Problem("cli_passkey_only", {
    kind: "invalid",
    say: "Your only second factor is a passkey, which needs a browser: run `holdfast login` without an option, and let it in there.",
  });
}

function enrolFirst(url: string): Problem {
  return new Problem("cli_enrol_first", {
    kind: "forbidden",
    say: `Your role needs a second factor; sign in at ${url} and enrol one first.`,
  });
}

/** Ends what is stored, at the server that it is for; what became of it, for a person. */
async function end(): Promise<string> {
  try {
    const profile = readProfile({ ...around().env, HOLDFAST_URL: undefined, HOLDFAST_API_KEY: undefined });
    if ("tokens" in profile) {
      await createClient(profile).tokens.revoke({ refreshToken: profile.tokens.refreshToken.reveal() });
      return "the session is ended";
    }
    if (profile.ours !== true) return "the key is yours and stays good until it expires or you revoke it";
    const client = createClient(profile);
    const mine = (await client.identity.listKeys()).items.find(({ prefix }) => profile.apiKey.reveal().startsWith(prefix));
    if (mine) await client.identity.revokeKey({ id: mine.id });
    return "the key is ended";
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return thrown.kind === "unauthenticated" ? "it had ended already" : `it could not be ended (${thrown.message})`;
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
