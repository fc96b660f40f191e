/** `secrets status`, `rotate-key`, `leases`: how the engines and their keys are. */
import type { Client, SecretsStatus } from "@holdfast/contract";
import { systemClock } from "@holdfast/kit";
import type { Command } from "commander";
import { ago, printList, printValue, type Screen } from "../output.ts";
import { everyPage, once, sessionOf } from "../session.ts";
import { agreed, sure, type Sure } from "../sure.ts";

export function addSecretKeys(secrets: Command): void {
  secrets
    .command("status")
    .description("How the engines, the key ring and Vault are")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const status = await client.secrets.status({});
      if (format !== "table") return printValue(screen, format, status);
      return printValue(screen, format, flat(status));
    });
  sure(secrets.command("rotate-key").description("Make a new key and seal everything again with it"))
    .option("--wait", "until everything is sealed again")
    .action(async (options: Sure & { wait?: boolean }, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      const { keyRing } = await client.secrets.status({});
      if (!(await agreed(screen, options, `Replace the active key ${keyRing.activeKey} with a new one?`))) return;
      const rotation = await client.secrets.rotateKey({}, once());
      printValue(screen, format, options.wait === true ? await sealedAgain(client, screen) : rotation);
    });
  addLeases(secrets);
}

function addLeases(secrets: Command): void {
  const leases = secrets.command("leases").description("Hand-outs of secrets with an end");
  leases
    .command("list", { isDefault: true })
    .description("List leases, those that end last first")
    .action(async (_options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printList(screen, format, {
        rows: await everyPage((cursor) => client.secrets.leases({ limit: 500, ...(cursor ? { cursor } : {}) })),
        columns: [
          { title: "lease", of: (one) => one.id },
          { title: "secret", of: (one) => one.secret },
          { title: "state", of: (one) => one.state },
          { title: "holder", of: (one) => one.holder },
          { title: "for", of: (one) => one.purpose },
          { title: "taken", of: (one) => ago(one.issuedAt) },
          { title: "ends", of: (one) => one.expiresAt },
        ],
        empty: "No leases.",
      });
    });
  leases
    .command("renew <lease>")
    .description("Make a lease last longer, within its limit")
    .action(async (id: string, _options, command: Command) => {
      const { client, screen, format } = sessionOf(command);
      printValue(screen, format, await client.secrets.renewLease({ id }));
    });
  sure(leases.command("revoke <lease>").description("End a lease now; a dynamic credential stops working")).action(
    async (id: string, options: Sure, command: Command) => {
      const { client, screen } = sessionOf(command);
      if (!(await agreed(screen, options, `End the lease ${id} now?`))) return;
      await client.secrets.revokeLease({ id });
      screen.err(`${id} is ended.\n`);
    },
  );
}

async function sealedAgain(client: Client, screen: Screen): Promise<SecretsStatus["keyRing"]> {
  for (;;) {
    const { keyRing } = await client.secrets.status({});
    const left = leftOf(keyRing);
    if (left === 0) return keyRing;
    screen.err(`${left} to seal again.\n`);
    await systemClock.sleep(1000);
  }
}

function leftOf({ stale }: SecretsStatus["keyRing"]): number {
  return stale.reduce((sum, { rows }) => sum + rows, 0);
}

/** One line each, for people. */
function flat({ engine, keyRing, vault, activeLeases }: SecretsStatus) {
  return {
    engine,
    "key ring": `${keyRing.source}${keyRing.wrappedBy === "none" ? "" : `, protected by ${keyRing.wrappedBy}`}`,
    "active key": keyRing.activeKey,
    keys: keyRing.keys.length,
    "sealed under older keys": leftOf(keyRing),
    "active leases": activeLeases,
    ...(vault && {
      vault: `${vault.address}, ${vault.state.replaceAll("_", " ")}${vault.version === undefined ? "" : `, version ${vault.version}`}`,
      "signs in by": vault.signIn,
      "token ends": vault.tokenExpiresAt,
      problem: vault.problem,
    }),
  };
}
