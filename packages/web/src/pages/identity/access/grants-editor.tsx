/** Roles that somebody has, each with where it counts. */
import { ActionIcon, Button, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { RoleSummary } from "@holdfast/contract";
import { read } from "../../../app/reads.ts";
import { SelectorEditor } from "./selector-editor.tsx";
import { blankRow } from "./selector-rows.ts";
import type { DraftGrant } from "./draft-grants.ts";
import classes from "./access.module.css";

interface GrantsEditorProps {
  drafts: readonly DraftGrant[];
  onDrafts: (drafts: DraftGrant[]) => void;
}

export function GrantsEditor({ drafts, onDrafts }: GrantsEditorProps) {
  const roles = useQuery(read("roles.list", undefined)).data?.items ?? [];
  const set = (at: number, patch: Partial<DraftGrant>): void =>
    onDrafts(drafts.map((draft, index) => (index === at ? { ...draft, ...patch } : draft)));
  return (
    <div className={classes["grants"]}>
      {drafts.map((draft, at) => (
        // Blocks have no other identity than their place.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={at} className={classes["grant"]}>
          <OneGrant
            nth={at + 1}
            draft={draft}
            roles={roles}
            set={(patch) => set(at, patch)}
            remove={() => onDrafts(drafts.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          onClick={() => onDrafts([...drafts, { role: "", everywhere: true, rows: [blankRow] }])}
        >
          {drafts.length === 0 ? "Give a role" : "Give another role"}
        </Button>
      </div>
    </div>
  );
}

interface OneGrantProps {
  nth: number;
  draft: DraftGrant;
  roles: readonly RoleSummary[];
  set: (patch: Partial<DraftGrant>) => void;
  remove: () => void;
}

function OneGrant({ nth, draft, roles, set, remove }: OneGrantProps) {
  const chosen = roles.find((role) => role.id === draft.role);
  return (
    <>
      <div className={classes["role"]}>
        <Select
          label={`Role ${nth}`}
          searchable
          allowDeselect={false}
          data={roles.map((role) => role.id)}
          value={draft.role === "" ? null : draft.role}
          onChange={(role) => role !== null && set({ role })}
        />
        <SegmentedControl
          aria-label={`Role ${nth}: where it counts`}
          data={[
            { value: "everywhere", label: "Everywhere" },
            { value: "some", label: "Only for some labels" },
          ]}
          value={draft.everywhere ? "everywhere" : "some"}
          onChange={(value) => set({ everywhere: value === "everywhere" })}
        />
        <ActionIcon size={30} aria-label={`Take role ${nth} away`} onClick={remove}>
          <IconTrash size={15} />
        </ActionIcon>
      </div>
      {chosen !== undefined && chosen.description !== "" && <p className="dim">{chosen.description}</p>}
      {!draft.everywhere && <SelectorEditor of={`Role ${nth}`} rows={draft.rows} onRows={(rows) => set({ rows })} />}
    </>
  );
}
