/** The keys that seal secrets, and Vault where values are kept there. */
import { useQuery } from "@tanstack/react-query";
import { IconRefresh } from "@tabler/icons-react";
import { act } from "../../app/act.ts";
import { read } from "../../app/reads.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { Facts, type Fact } from "../../parts/facts.tsx";
import { plural, words } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import type { SecretsStatus } from "@holdfast/contract";

const wrappings: Record<SecretsStatus["keyRing"]["wrappedBy"], string> = {
  none: "only by the rights of its file",
  passphrase: "by a passphrase",
  transit: "by Vault's transit engine",
};

export function KeyRing() {
  // What is still sealed under older keys is sealed again in the background, and nothing tells of each row.
  const status = useQuery({ ...read("secrets.status", {}), refetchInterval: (query) => (staleOf(query.state.data) > 0 ? 2000 : 60_000) });
  const rotate = act({
    route: "secrets.rotateKey",
    input: {},
    label: "Rotate the key",
    icon: <IconRefresh size={14} />,
    blocked: status.data?.keyRing.source === "settings" ? "The key comes with the settings; change it there and start again." : undefined,
    confirm: {
      title: "Rotate the key that seals secrets",
      says: (
        <p>
          A new key is made, and everything is sealed again with it in the background while secrets stay in use. Keep the key file with your
          backups: a backup from now on needs it.
        </p>
      ),
    },
    done: ({ stale }) => `A new key seals from now on; ${plural(sum(stale), "row")} are sealed again.`,
  });
  return (
    <Panel title="What seals them" id="key-ring" beside={<ActButton one={rotate} size="compact-xs" />}>
      <Loaded query={status} skeleton={<TextSkeleton lines={4} />}>
        {(found) => <Facts facts={[...ringFacts(found), ...vaultFacts(found)]} />}
      </Loaded>
    </Panel>
  );
}

function sum(stale: readonly { rows: number }[]): number {
  return stale.reduce((rows, one) => rows + one.rows, 0);
}

function staleOf(status: SecretsStatus | undefined): number {
  return sum(status?.keyRing.stale ?? []);
}

function ringFacts(status: SecretsStatus): Fact[] {
  const { engine, keyRing, activeLeases } = status;
  const stale = staleOf(status);
  return [
    ["New values go", engine === "vault" ? "to Vault" : "into Holdfast's database, sealed"],
    [
      "Key in use",
      <span key="active" className="mono">
        {keyRing.activeKey}
      </span>,
    ],
    ["Keys kept", plural(keyRing.keys.length, "key")],
    ["The ring is kept", `${keyRing.source === "file" ? "in a file" : "in the settings"}, protected ${wrappings[keyRing.wrappedBy]}`],
    [
      "Sealed again",
      stale === 0 ? (
        <State key="stale" look={{ tone: "ok", shape: "check", word: "everything, with the key in use" }} />
      ) : (
        <State key="stale" look={{ tone: "warn", shape: "clock", word: `${plural(stale, "row")} still under older keys` }} />
      ),
    ],
    ["Handed out now", plural(activeLeases, "lease")],
  ];
}

function vaultFacts({ vault }: SecretsStatus): Fact[] {
  if (!vault) return [];
  const fine = vault.problem === undefined;
  return [
    [
      "Vault",
      <span key="vault">
        <State
          look={fine ? { tone: "ok", shape: "check", word: words(vault.state) } : { tone: "bad", shape: "alert", word: words(vault.state) }}
        />{" "}
        <span className="mono dim">{vault.address}</span>
      </span>,
    ],
    ["Signed in by", vault.signIn],
    vault.tokenExpiresAt !== undefined && ["Its token ends", <When key="token" at={vault.tokenExpiresAt} />],
    vault.problem !== undefined && ["Problem", vault.problem],
  ];
}
