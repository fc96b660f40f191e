/** API keys of a person, and the end of them. */
import { useQuery } from "@tanstack/react-query";
import type { User } from "@holdfast/contract";
import { read } from "../../../app/reads.ts";
import { Loaded } from "../../../parts/loaded.tsx";
import { Panel } from "../../../parts/page.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { KeyTable } from "../key-table.tsx";

export function PersonKeys({ user }: { user: User }) {
  const keys = useQuery(read("people.listKeys", { id: user.id }));
  return (
    <Panel title="API keys" id="keys" flush>
      <Loaded query={keys} skeleton={<RowsSkeleton rows={1} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p style={{ padding: "12px 14px" }}>None.</p>
          ) : (
            <KeyTable label={`API keys of ${user.name}`} keys={items} all="all that its owner may" account={user} />
          )
        }
      </Loaded>
    </Panel>
  );
}
