/** One repository: its revisions, and planning one of them. */
import { Button, Menu, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconFileDiff, IconPencil, IconRefresh, IconTrash } from "@tabler/icons-react";
import { getRouteApi, Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Repository } from "@holdfast/contract";
import { act, type Act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { read, readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { Shortened } from "../../parts/copy.tsx";
import { Facts } from "../../parts/facts.tsx";
import { duration, short } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import { fetchLook } from "./fetch-look.ts";
import classes from "./repositories.module.css";

type Revision = RouteOutput<"repositories.revisions">["items"][number];
const route = getRouteApi("/shell/repositories/$repository");

export function RepositoryPage() {
  const { repository: id } = route.useParams();
  const repository = useQuery(read("repositories.get", { id }));
  return (
    <Page
      title={repository.data?.name ?? id}
      crumbs={[{ label: "Repositories", to: "/repositories" }]}
      beside={repository.data && <State look={fetchLook(repository.data)} />}
      say={repository.data ? <Answer repository={repository.data} /> : repository.error ? undefined : null}
      acts={repository.data && <Acts repository={repository.data} />}
    >
      <Loaded query={repository} skeleton={<RowsSkeleton />}>
        {(found) => (
          <div className={classes["columns"]}>
            <Revisions repository={found} />
            <About repository={found} />
          </div>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function Answer({ repository }: { repository: Repository }) {
  if (repository.problem !== undefined) return <>{repository.problem}</>;
  return (
    <>
      Fetched <When at={repository.fetchedAt} />; its newest revision is{" "}
      {repository.headSubject === undefined ? "not known yet" : `“${repository.headSubject}”`}.
    </>
  );
}

/** Planning touches nothing, so it asks nothing first. */
function usePlan(repository: Repository): (wanted: { revision?: string; selector?: string; label: string }) => Act {
  const navigate = useNavigate();
  return ({ revision, selector, label }) =>
    act({
      route: "plans.create",
      input: { repository: repository.id, ...(revision !== undefined && { revision }), ...(selector && { selector }) },
      label,
      icon: <IconFileDiff size={15} />,
      done: async (plan) => {
        await navigate({ to: "/plans/$plan", params: { plan: plan.id } });
        return undefined;
      },
    });
}

function Acts({ repository }: { repository: Repository }) {
  const navigate = useNavigate();
  const plan = usePlan(repository);
  const sync = act({
    route: "repositories.sync",
    input: { id: repository.id },
    label: "Fetch now",
    icon: <IconRefresh size={15} />,
    done: (after) => after.problem ?? `Fetched; the newest revision is ${short(after.head ?? "")}.`,
  });
  const remove = act({
    route: "repositories.remove",
    input: { id: repository.id },
    ifMatch: repository.etag,
    label: "Disconnect",
    icon: <IconTrash size={15} />,
    tone: "danger",
    confirm: {
      title: `Disconnect ${repository.name}`,
      says: (
        <p>
          Holdfast stops following it. Its plans and rollouts stay readable, the devices stay in the inventory, and the repository itself is
          not touched. Connect it again to go on.
        </p>
      ),
      typing: repository.name,
    },
    done: async () => {
      await navigate({ to: "/repositories" });
      return `${repository.name} is disconnected.`;
    },
  });
  const newest = {
    ...plan({ label: "Plan the newest revision" }),
    tone: "primary" as const,
    blocked: repository.head === undefined ? "No revision has been fetched yet." : undefined,
  };
  return (
    <>
      <ActBar acts={[newest, sync, remove]}>
        <PlanSome repository={repository} />
      </ActBar>
    </>
  );
}

/** A plan for some devices only. */
function PlanSome({ repository }: { repository: Repository }) {
  const [selector, setSelector] = useState("");
  const may = useMay();
  const plan = usePlan(repository);
  if (!may("plans.create")) return null;
  return (
    <Menu closeOnItemClick={false} width={300} trapFocus>
      <Menu.Target>
        <Button variant="default">Plan for some devices…</Button>
      </Menu.Target>
      <Menu.Dropdown p={12}>
        <TextInput
          label="Label selector"
          description="Only devices that fit are planned"
          placeholder="site=lyon,role in (edge,core)"
          spellCheck={false}
          value={selector}
          onChange={(event) => setSelector(event.currentTarget.value)}
          onKeyDown={(event) => event.stopPropagation()}
          mb={10}
        />
        <ActButton
          one={{ ...plan({ selector, label: "Plan these" }), blocked: selector.trim() === "" ? "Write a selector first." : undefined }}
        />
      </Menu.Dropdown>
    </Menu>
  );
}

function Revisions({ repository }: { repository: Repository }) {
  const revisions = useInfiniteQuery(readPages("repositories.revisions", { id: repository.id }));
  const plan = usePlan(repository);
  return (
    <Panel id="revisions" title={`Revisions of ${repository.branch}`} flush>
      <Loaded query={revisions} skeleton={<RowsSkeleton />}>
        {(items) => (
          <>
            {items.length === 0 && <p className={classes["none"]}>No commit has been seen on this branch yet.</p>}
            <ol>
              {items.map((revision) => (
                <RevisionLine
                  key={revision.commit}
                  revision={revision}
                  head={revision.commit === repository.head}
                  plan={plan({ revision: revision.commit, label: "Plan this revision" })}
                />
              ))}
            </ol>
            {revisions.hasNextPage && (
              <Button
                variant="subtle"
                color="gray"
                m={8}
                onClick={() => void revisions.fetchNextPage()}
                loading={revisions.isFetchingNextPage}
              >
                Older revisions
              </Button>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function RevisionLine({ revision, head, plan }: { revision: Revision; head: boolean; plan: Act }) {
  return (
    <li className={classes["revision"]}>
      <div className={classes["words"]}>
        <span className={classes["subject"]}>{revision.subject}</span>
        <span className="dim">
          {revision.author} · <When at={revision.at} /> · <Shortened text={revision.commit} shown={short(revision.commit)} what="commit" />
          {head && " · newest"}
        </span>
      </div>
      <ActButton one={plan} size="compact-xs" />
    </li>
  );
}

function About({ repository }: { repository: Repository }) {
  const may = useMay();
  return (
    <Panel
      id="about"
      title="About"
      beside={
        may("repositories.update") && (
          <LinkButton
            variant="default"
            size="compact-xs"
            leftSection={<IconPencil size={13} />}
            to="/repositories/$repository/edit"
            params={{ repository: repository.id }}
          >
            Edit
          </LinkButton>
        )
      }
    >
      <Facts
        facts={[
          [
            "URL",
            <span key="url" className="mono">
              {repository.url}
            </span>,
          ],
          [
            "Branch",
            <span key="branch" className="mono">
              {repository.branch}
            </span>,
          ],
          [
            "Opens with",
            repository.secret === undefined ? <span className="dim">no secret</span> : <span className="mono">{repository.secret}</span>,
          ],
          ["Looked at", `every ${duration(repository.pollMs)}`],
          ["Fetched", <When key="fetched" at={repository.fetchedAt} />],
          ["Connected", <When key="created" at={repository.createdAt} />],
          [
            "Plans",
            <Link key="plans" to="/plans">
              All plans
            </Link>,
          ],
        ]}
      />
    </Panel>
  );
}
