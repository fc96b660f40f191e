/** One secret: what uses it, its versions, when it is due. Never its value. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconFlame, IconRefresh, IconTrash } from "@tabler/icons-react";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import type { SecretSummary } from "@holdfast/contract";
import { act, type Act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read, readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { actorName } from "../../parts/actor.tsx";
import { Ends } from "../../parts/ends-in.tsx";
import { Facts } from "../../parts/facts.tsx";
import { plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton, TextSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { kindWords } from "./kinds.ts";
import { Uses, useUses } from "./uses.tsx";
import classes from "./secrets.module.css";

type Version = RouteOutput<"secrets.versions">["items"][number];

const route = getRouteApi("/shell/settings/secrets/$secret");
const crumbs = [{ label: "Secrets", to: "/settings/secrets" as const }];
const head: Heading[] = [
  { label: "Version" },
  { label: "State" },
  { label: "Stored" },
  { label: "By", from: "wide" },
  { label: "Sealed with", from: "wide" },
];
const leaseHead: Heading[] = [{ label: "To" }, { label: "For", from: "wide" }, { label: "Ends" }];

export function SecretPage() {
  const { secret: id } = route.useParams();
  const may = useMay();
  const secret = useQuery(read("secrets.show", { id }));
  const remove = useRemove(secret.data);
  return (
    <Page
      title={secret.data?.name ?? "A secret"}
      crumbs={crumbs}
      say={answerOf(secret, (found) => `${kindWords[found.kind]}. Version ${found.version} is in use; its value never comes out.`)}
      acts={
        secret.data && (
          <ActBar acts={remove}>
            {may("secrets.replace") && (
              <LinkButton leftSection={<IconRefresh size={14} />} to="/settings/secrets/$secret/replace" params={{ secret: id }}>
                New version
              </LinkButton>
            )}
          </ActBar>
        )
      }
    >
      <Loaded query={secret} skeleton={<TextSkeleton lines={12} />}>
        {(found) => (
          <div className={classes["detail"]}>
            <div className={classes["stack"]}>
              <Versions secret={found} />
              <Leases secret={found} />
            </div>
            <div className={classes["stack"]}>
              <Panel title="About" id="about">
                <About secret={found} />
              </Panel>
              <Panel title="What uses it" id="uses">
                <Uses name={found.name} />
              </Panel>
            </div>
          </div>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function useRemove(secret: SecretSummary | undefined): Act[] {
  const navigate = useNavigate();
  const uses = useUses(secret?.name);
  if (secret === undefined) return [];
  const users = uses === undefined ? 0 : uses.devices.length + uses.repositories.length;
  return [
    act({
      route: "secrets.remove",
      called: secret.name,
      input: { id: secret.id },
      ifMatch: secret.etag,
      label: "Delete",
      icon: <IconTrash size={14} />,
      tone: "danger",
      blocked: users > 0 ? "Something still signs in with it; see “What uses it”." : undefined,
      confirm: {
        title: `Delete ${secret.name}`,
        says: <p>Every version of it is deleted. Only a secret that nothing uses can be. This cannot be undone.</p>,
        typing: secret.name,
      },
      done: async () => {
        await navigate({ to: "/settings/secrets" });
        return `${secret.name} is deleted.`;
      },
    }),
  ];
}

function About({ secret }: { secret: SecretSummary }) {
  return (
    <Facts
      facts={[
        ["Kind", kindWords[secret.kind]],
        ["User", secret.username ?? <span className="dim">–</span>],
        ["To be replaced", <Ends key="due" at={secret.expiresAt} never="no date set" />],
        ["Kept in", secret.engine === "vault" ? "Vault" : "Holdfast's database, sealed"],
        ["Changed", <When key="changed" at={secret.updatedAt} />],
        ["Added", <When key="added" at={secret.createdAt} />],
        [
          "Value",
          <span key="value" className="dim">
            never shown. Who needs it knows it, or replaces it.
          </span>,
        ],
      ]}
    />
  );
}

function Versions({ secret }: { secret: SecretSummary }) {
  const versions = useQuery(read("secrets.versions", { id: secret.id }));
  return (
    <Panel title="Versions" id="versions" flush>
      <Loaded query={versions} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) => (
          <Table label={`Versions of ${secret.name}`} head={head} acts flush>
            {items.map((item) => (
              <VersionRow key={item.version} secret={secret} item={item} />
            ))}
          </Table>
        )}
      </Loaded>
    </Panel>
  );
}

function VersionRow({ secret, item }: { secret: SecretSummary; item: Version }) {
  const destroy = act({
    route: "secrets.destroyVersion",
    called: secret.name,
    input: { id: secret.id, version: item.version },
    ifMatch: secret.etag,
    label: "Destroy",
    icon: <IconFlame size={14} />,
    tone: "danger",
    blocked: item.current ? "This is the one in use; store a new version first." : undefined,
    confirm: {
      title: `Destroy version ${item.version} of ${secret.name}`,
      says: <p>Its sealed value is deleted for good, here and in whatever is backed up from now on. That it was there stays on record.</p>,
      typing: `${secret.name} ${item.version}`,
    },
    done: () => `Version ${item.version} of ${secret.name} is destroyed.`,
  });
  return (
    <tr>
      <th scope="row">{item.version}</th>
      <td>
        <VersionState item={item} />
      </td>
      <td>
        <When at={item.createdAt} />
      </td>
      <td className={wideOnly}>{item.createdBy === undefined ? <span className="dim">–</span> : actorName(item.createdBy)}</td>
      <td className={`mono ${wideOnly}`}>{item.key ?? <span className="dim">–</span>}</td>
      <ActsCell>{item.destroyedAt === undefined && <ActButton one={destroy} size="compact-xs" />}</ActsCell>
    </tr>
  );
}

function VersionState({ item }: { item: Version }) {
  if (item.current) return <State look={{ tone: "ok", shape: "check", word: "in use" }} />;
  if (item.destroyedAt === undefined) return <State look={{ tone: "mute", shape: "ring", word: "kept" }} />;
  return (
    <span>
      <State look={{ tone: "mute", shape: "skip", word: "destroyed" }} />{" "}
      <span className="dim">
        <When at={item.destroyedAt} />
      </span>
    </span>
  );
}

/** Hand-outs of it that count now. */
function Leases({ secret }: { secret: SecretSummary }) {
  const leases = useInfiniteQuery(readPages("secrets.leases", {}));
  const mine = (leases.data ?? []).filter((lease) => lease.secret === secret.name && lease.state === "active");
  if (mine.length === 0) return null;
  return (
    <Panel title={`Handed out now (${plural(mine.length, "lease")})`} id="leases" flush>
      <Table label={`Leases of ${secret.name}`} head={leaseHead} flush>
        {mine.map((lease) => (
          <tr key={lease.id}>
            <th scope="row">{lease.holder}</th>
            <td className={wideOnly}>{lease.purpose}</td>
            <td>
              <When at={lease.expiresAt} />
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
