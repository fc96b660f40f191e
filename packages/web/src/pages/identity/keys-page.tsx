/** API keys of the one who is signed in: for the command line and for programs. */
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { read, readPages } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { Empty } from "../../parts/empty.tsx";
import { plural } from "../../parts/format.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { EverybodysKeys } from "./everybodys-keys.tsx";
import { KeyTable } from "./key-table.tsx";

/** There is one read for each user, so nobody is made to wait for all of them unasked. */
function Everybody() {
  const [asked, setAsked] = useState(false);
  const review = useInfiniteQuery(readPages("people.reviewGrants", {}));
  const owners = review.data ?? [];
  if (asked) return <EverybodysKeys title="Everybody’s API keys" owners={owners} />;
  return (
    <div>
      <Button variant="default" disabled={owners.length === 0} onClick={() => setAsked(true)}>
        Look through everybody’s keys
      </Button>
    </div>
  );
}

export function KeysPage() {
  const keys = useQuery(read("identity.listKeys", undefined));
  const may = useMay();
  const add = (
    <LinkButton leftSection={<IconPlus size={15} />} to="/settings/keys/new">
      Create an API key
    </LinkButton>
  );
  return (
    <Page
      title="Your API keys"
      say={answerOf(keys, ({ items }) => `You have ${plural(items.length, "key")}. A key may never do more than you.`)}
      acts={add}
    >
      <Loaded query={keys} skeleton={<RowsSkeleton rows={3} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <Empty icon={<IconKey size={22} />} title="No API key yet" act={add}>
                Programs of yours sign in with a key; the command line asks for a code instead: <span className="mono">holdfast login</span>
                .
              </Empty>
            </Panel>
          ) : (
            <KeyTable label="Your API keys" keys={items} all="all that you may" />
          )
        }
      </Loaded>
      {may("people.listKeys") && <Everybody />}
      {may("serviceAccounts.create") && (
        <p className="dim">
          A program that belongs to nobody in particular gets a service account: its keys outlive whoever made them. They are under{" "}
          <Link to="/settings/machines">Machines</Link>.
        </p>
      )}
      <Outlet />
    </Page>
  );
}
