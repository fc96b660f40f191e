/** Where else people prove who they are: identity providers and directories. */
import { useQuery } from "@tanstack/react-query";
import { IconBuildingSkyscraper, IconPlayerPlay, IconPlus, IconRefresh, IconTrash } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import type { Provider } from "@holdfast/contract";
import { act, type Act } from "../../../app/act.ts";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { ActButton } from "../../../parts/act-bar.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { plural } from "../../../parts/format.ts";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { kindWords } from "./provider-fields.ts";

const head: Heading[] = [
  { label: "Provider" },
  { label: "Kind", from: "wide" },
  { label: "At", from: "wide" },
  { label: "Groups", align: "end", from: "wide" },
  { label: "State" },
];

export function ProvidersPage() {
  const may = useMay();
  const providers = useQuery(read("federation.list", undefined));
  const add = may("federation.create") && (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/providers/new">
      Add a provider
    </LinkButton>
  );
  return (
    <Page title="Identity providers" say={answerOf(providers, ({ items }) => answer(items))} acts={add}>
      <Loaded query={providers} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <Empty icon={<IconBuildingSkyscraper size={22} />} title="People sign in here only" act={add || undefined}>
                Add your organisation’s provider (OpenID Connect or SAML) or directory (LDAP, Active Directory), and its groups give the
                roles.
              </Empty>
            </Panel>
          ) : (
            <Table label="Identity providers" head={head} acts>
              {items.map((provider) => (
                <ProviderRow key={provider.id} provider={provider} />
              ))}
            </Table>
          )
        }
      </Loaded>
      <Outlet />
    </Page>
  );
}

function answer(items: readonly Provider[]): string {
  if (items.length === 0) return "Nobody comes in from elsewhere.";
  const on = items.filter(({ enabled }) => enabled).length;
  return `${plural(on, "provider")} on the sign-in page${on < items.length ? `; ${items.length - on} switched off` : ""}.`;
}

export function whereOf({ settings }: Pick<Provider, "settings">): string {
  switch (settings.kind) {
    case "oidc":
      return settings.issuer;
    case "ldap":
      return settings.url;
    case "saml":
      return settings.entityId;
  }
}

function ProviderRow({ provider }: { provider: Provider }) {
  const { id, name, settings, groupGrants, enabled } = provider;
  return (
    <tr>
      <th scope="row">
        <Link to="/settings/providers/$provider" params={{ provider: id }}>
          {name}
        </Link>{" "}
        <span className="mono dim">{id}</span>
      </th>
      <td className={wideOnly}>{kindWords[settings.kind]}</td>
      <td className={`mono ${wideOnly}`} style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}>
        {whereOf(provider)}
      </td>
      <td className={wideOnly} style={{ textAlign: "right" }}>
        {groupGrants.length}
      </td>
      <td>
        <State look={enabled ? { tone: "ok", shape: "check", word: "on" } : { tone: "mute", shape: "skip", word: "off" }} />
      </td>
      <ActsCell>
        {settings.kind !== "ldap" && <ActButton one={tryOut(provider)} size="compact-xs" />}
        {settings.kind === "saml" && <ActButton one={renewKey(provider)} size="compact-xs" />}
        <ActButton one={remove(provider)} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}

/** Begins a sign-in there and goes nowhere: that alone asks the provider what it is, with the settings that are kept. */
function tryOut({ id, name, enabled }: Provider): Act {
  return act({
    route: "federation.start",
    input: { id },
    label: "Test",
    icon: <IconPlayerPlay size={13} />,
    blocked: enabled ? undefined : "It is switched off.",
    done: ({ url }) => `${name} answers: a sign-in would go to ${new URL(url, location.origin).host}.`,
  });
}

/** What we sign with, and what it encrypts for, belongs to this provider alone. */
function renewKey({ id, name, etag }: Provider): Act {
  return act({
    route: "federation.renewKey",
    input: { id },
    ifMatch: etag,
    label: "New key",
    icon: <IconRefresh size={13} />,
    confirm: {
      title: `A new key of ours for ${name}`,
      says: (
        <p>
          It signs from now on. Until the provider knows the new certificate it may refuse us: give it our certificate, or our metadata,
          right after.
        </p>
      ),
    },
    done: () => `A new key signs for ${name}; its certificate is under “What the provider has to know”.`,
  });
}

function remove({ id, name, etag }: Provider): Act {
  return act({
    route: "federation.remove",
    input: { id },
    ifMatch: etag,
    label: "Remove",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: {
      title: `Remove ${name}`,
      says: (
        <p>
          Every link to it ends, and every session that began there. Whoever has no password here does not come in any more. To keep the
          links, switch it off instead.
        </p>
      ),
      typing: id,
    },
    done: () => `${name} is removed.`,
  });
}
