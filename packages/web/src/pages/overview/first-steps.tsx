/** What to do first, with nothing here yet. Each step knows by itself whether it is done. */
import { useQuery } from "@tanstack/react-query";
import { IconServer2 } from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { RouteName } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { Empty } from "../../parts/empty.tsx";
import { Panel } from "../../parts/page.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Glyph } from "../../parts/glyph.tsx";
import classes from "./overview.module.css";

/** Who may neither connect a repository nor add a device has nothing to begin with; somebody else has. */
export function FirstSteps() {
  const may = useMay();
  if (!may("devices.create") && !may("repositories.create"))
    return (
      <Panel>
        <Empty icon={<IconServer2 size={22} />} title="Nothing here that you may see yet">
          Devices and repositories are added by others; what your roles open shows up here by itself.
        </Empty>
      </Panel>
    );
  return <Steps />;
}

function Steps() {
  const may = useMay();
  const secrets = useQuery({ ...read("secrets.list", { limit: 1 }), enabled: may("secrets.list") });
  const repositories = useQuery({ ...read("repositories.list", { limit: 1 }), enabled: may("repositories.list") });
  const some = (query: { data?: { items: unknown[] } | undefined }): boolean => (query.data?.items.length ?? 0) > 0;
  return (
    <>
      {may("repositories.create") && may("secrets.create") && (
        <div>
          <LinkButton to="/welcome">Set Holdfast up step by step</LinkButton>
        </div>
      )}
      <ol className={classes["steps"]}>
        <Step n={1} done={some(secrets)} title="Store how to sign in" to="/settings/secrets/new" act="Add a secret" route="secrets.create">
          A user and password, or an SSH key, for your devices. Sealed at once; it never comes back out.
        </Step>
        <Step n={2} done={false} title="Add devices" to="/devices/import" act="Import devices" route="devices.import">
          From YAML or CSV, all rows or none, with every error named by its row. Or <Link to="/devices/new">add one by hand</Link>.
        </Step>
        <Step
          n={3}
          done={some(repositories)}
          title="Connect a repository"
          to="/repositories/new"
          act="Connect a repository"
          route="repositories.create"
        >
          Git holds what the network should be. Each commit can be planned, looked at, and rolled out.
        </Step>
        <Step n={4} done={false} title="Plan and roll out" to="/plans" act="See plans" route="plans.list">
          A plan touches nothing. A rollout begins with a canary and undoes itself when it hurts.
        </Step>
      </ol>
    </>
  );
}

function Step({
  n,
  done,
  title,
  to,
  act,
  route,
  children,
}: {
  n: number;
  done: boolean;
  title: string;
  to: LinkProps["to"];
  act: string;
  /** Who may not, is offered nothing. */
  route: RouteName;
  children: React.ReactNode;
}) {
  const may = useMay();
  return (
    <li className={classes["step"]} data-done={done || undefined}>
      <span className={classes["stepHead"]}>
        <Glyph tone={done ? "ok" : "mute"} shape={done ? "check" : "ring"} size={16} /> {n}. {title}
        {done && <span className="dim">done</span>}
      </span>
      <p>{children}</p>
      {!done && may(route) && (
        <LinkButton variant="default" to={to ?? "/"}>
          {act}
        </LinkButton>
      )}
    </li>
  );
}
