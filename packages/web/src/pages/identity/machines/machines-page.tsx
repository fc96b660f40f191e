/** Service accounts: what programs are that belong to nobody in particular, and the credentials they come with. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconPlus, IconRobot } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { writeGrants } from "@holdfast/kit";
import { readPages } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { Empty } from "../../../parts/empty.tsx";
import { plural } from "../../../parts/format.ts";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { When } from "../../../parts/when.tsx";
import { EverybodysKeys } from "../everybodys-keys.tsx";
import type { Person } from "../people/person.ts";

const head: Heading[] = [{ label: "Name" }, { label: "Roles" }, { label: "State", from: "wide" }, { label: "Last seen" }];
export function MachinesPage() {
  const may = useMay();
  const review = useInfiniteQuery(readPages("people.reviewGrants", {}));
  const machines = review.data?.filter((row) => row.kind === "service") ?? [];
  const add = may("serviceAccounts.create") && (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/machines/new">
      Make a service account
    </LinkButton>
  );
  return (
    <Page
      title="Machines"
      say={answerOf(review, () => `${plural(machines.length, "service account")}: programs that belong to nobody in particular.`)}
      acts={add}
    >
      <Loaded query={review} skeleton={<RowsSkeleton rows={3} />}>
        {() =>
          machines.length === 0 ? (
            <Panel>
              <Empty icon={<IconRobot size={22} />} title="No service account yet" act={add || undefined}>
                For pipelines and integrations: a program with roles of its own, which comes with an API key or a client secret and never
                signs in here.
              </Empty>
            </Panel>
          ) : (
            <>
              <Table label="Service accounts" head={head}>
                {machines.map((machine) => (
                  <MachineRow key={machine.id} machine={machine} />
                ))}
              </Table>
              <EverybodysKeys title="Their API keys" owners={machines} />
            </>
          )
        }
      </Loaded>
      <Outlet />
    </Page>
  );
}

function MachineRow({ machine }: { machine: Person }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/settings/machines/$account" params={{ account: machine.id }}>
          {machine.name}
        </Link>
      </th>
      <td>{writeGrants(machine.grants) || <span className="dim">none</span>}</td>
      <td className={wideOnly}>
        <State
          look={machine.disabled ? { tone: "mute", shape: "skip", word: "disabled" } : { tone: "ok", shape: "check", word: "let in" }}
        />
      </td>
      <td>
        <When at={machine.lastSeenAt} />
      </td>
    </tr>
  );
}
