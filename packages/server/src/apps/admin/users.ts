/** People: the first administrator, further users, one-time links, and shutting somebody out. */
import { builtInRoles, type User } from "@holdfast/contract";
import { Problem, readGrant, writeGrant } from "@holdfast/kit";
import { sessionCookie, type Identity } from "#core/identity";
import type { Settings } from "#platform/settings";
import { localAdmin, type AdminCall, type AdminCommand } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const userCommands: AdminCommand[] = [
  {
    words: "create-admin",
    takes: ["name"],
    options: {},
    say: "Make the first administrator; the password is asked for (or is a line of stdin).",
    run: createAdmin,
  },
  {
    words: "create-user",
    takes: ["name"],
    options: {
      role: {
        type: "string",
        say: `${builtInRoles.join(", ")} or a role of your own, with @selector for some labels only; viewer unless told`,
      },
      password: { type: "boolean", say: "ask for a password; without one the user signs in by one-time links only" },
    },
    say: "Make a user, and a one-time link to sign in with.",
    run: createUser,
  },
  {
    words: "sign-in-link",
    takes: ["user"],
    options: {},
    say: "Print a link that signs a user in once, within 15 minutes.",
    run: async (call) => printLink(call, call.args[0] ?? ""),
  },
  {
    words: "disable-user",
    takes: ["name"],
    options: {},
    say: "Shut a user out: sessions end at once, keys and links stop working.",
    run: disableUser,
  },
];

async function createAdmin(call: AdminCall): Promise<void> {
  const [name = ""] = call.args;
  const { identity } = await call.holdfast({ mayMake: true });
  if (!(await identity.setupNeeded())) throw adminExists();
  const password = await askPassword(call.terminal);
  const token = await identity.setupToken();
  if (token === undefined) throw adminExists();
  const from = { address: "127.0.0.1", userAgent: "holdfast admin", requestId: "admin" };
  const signedIn = await identity.redeemSetup({ token, name, password }, from);
  await endSession(identity, signedIn.token);
  call.terminal.err(`${name} is the first administrator. Sign in at ${addressOf(call.settings)}.\n`);
}

/** Redeeming the setup token signs in; nobody is there to use that session. */
async function endSession(identity: Identity, token: string): Promise<void> {
  const caller = await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: token } });
  if (caller) await identity.signOut(caller);
}

async function createUser(call: AdminCall): Promise<void> {
  const granted = readGrant(String(call.options["role"] ?? "viewer"));
  const { identity } = await call.holdfast();
  const password = call.options["password"] === true ? await askPassword(call.terminal) : undefined;
  const user = await identity.createUser({ name: call.args[0] ?? "", grants: [granted], password }, localAdmin());
  call.terminal.err(`${user.name} is ${writeGrant(granted)} now.\n`);
  if (password === undefined) await printLink(call, user.name);
}

async function printLink(call: AdminCall, user: string): Promise<void> {
  const { identity } = await call.holdfast();
  const { token, expiresAt } = await identity.createSignInLink(user, localAdmin());
  call.terminal.err(`Good once, until ${expiresAt.toISOString()}:\n`);
  await call.terminal.out(`${addressOf(call.settings)}/link#token=${token}\n`);
}

async function disableUser(call: AdminCall): Promise<void> {
  const { identity } = await call.holdfast();
  const user = await findUser(identity, call.args[0] ?? "");
  if (!user.disabled) await identity.updateUser({ id: user.id, etag: user.etag, disabled: true }, localAdmin());
  call.terminal.err(`${user.name} is shut out${user.disabled ? " already" : ""}.\n`);
}

async function findUser(identity: Identity, name: string): Promise<User> {
  const folded = name.normalize("NFKC").trim().toLowerCase();
  for (let cursor: string | undefined; ;) {
    const page = await identity.listUsers({ cursor, limit: 200 });
    const found = page.items.find((user) => user.name.toLowerCase() === folded);
    if (found) return found;
    if (page.next === undefined) throw new Problem("identity_user_missing", { kind: "missing", say: `There is no user "${name}".` });
    cursor = page.next;
  }
}

/** The limits of the API. */
const [shortest, longest] = [12, 256];

async function askPassword(terminal: Terminal): Promise<string> {
  const password = await terminal.askHidden(`Password (${shortest} characters or more): `);
  if (password.length < shortest || password.length > longest) {
    throw new Problem("admin_password", { kind: "invalid", say: `A password has ${shortest} to ${longest} characters; nothing was done.` });
  }
  if (!terminal.typed || (await terminal.askHidden("The same again: ")) === password) return password;
  throw new Problem("admin_password", { kind: "invalid", say: "The two were not the same; nothing was done." });
}

/** Where a browser on this machine finds the console, as far as the settings tell. */
function addressOf({ publicUrl, host, port }: Settings): string {
  const everywhere = ["0.0.0.0", "::"].includes(host);
  return publicUrl ?? `http://${everywhere ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port === 0 ? "<port>" : port}`;
}

function adminExists(): Problem {
  return new Problem("identity_setup_done", {
    kind: "conflict",
    say: "There is an administrator already. Make a further one with create-user <name> --role admin, or a link with sign-in-link <user>.",
  });
}
