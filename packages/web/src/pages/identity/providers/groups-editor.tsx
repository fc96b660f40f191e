/** What members of a provider's groups may do here. */
import { ActionIcon, Button, Input, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { GroupGrant } from "@holdfast/contract";
import { read } from "../../../app/reads.ts";
import { readSelector } from "../access/selector-rows.ts";
import classes from "../access/access.module.css";

interface GroupsEditorProps {
  groups: readonly GroupGrant[];
  onGroups: (groups: GroupGrant[]) => void;
  error: React.ReactNode;
}

export function GroupsEditor({ groups, onGroups, error }: GroupsEditorProps) {
  const roles = useQuery(read("roles.list", undefined)).data?.items ?? [];
  const set = (at: number, patch: Partial<GroupGrant>): void =>
    onGroups(groups.map((group, index) => (index === at ? { ...group, ...patch } : group)));
  return (
    <Input.Wrapper
      label="Roles by group"
      description="Counts anew with each sign-in: who leaves a group there loses the role here. Of a directory, a group is its distinguished name."
      error={error}
      labelElement="div"
    >
      <div className={classes["rows"]} style={{ marginTop: 6 }}>
        {groups.map((group, at) => (
          // Lines have no other identity than their place.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={at} className={classes["term"]}>
            <TextInput
              aria-label={`Group ${at + 1}`}
              placeholder="Group"
              spellCheck={false}
              value={group.group}
              onChange={(event) => set(at, { group: event.currentTarget.value })}
            />
            <Select
              aria-label={`Role of group ${at + 1}`}
              placeholder="Role"
              allowDeselect={false}
              data={roles.map((role) => role.id)}
              value={group.role === "" ? null : group.role}
              onChange={(role) => role !== null && set(at, { role })}
            />
            <TextInput
              className={classes["values"] ?? ""}
              aria-label={`Where the role of group ${at + 1} counts`}
              placeholder="everywhere, or e.g. site=lyon"
              spellCheck={false}
              value={group.selector ?? ""}
              error={readSelector(group.selector ?? "") === undefined}
              onChange={(event) => set(at, { selector: event.currentTarget.value })}
            />
            <ActionIcon
              size={30}
              aria-label={`Take group ${at + 1} out`}
              onClick={() => onGroups(groups.filter((_, index) => index !== at))}
            >
              <IconTrash size={14} />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<IconPlus size={13} />}
            onClick={() => onGroups([...groups, { group: "", role: "" }])}
          >
            Add a group
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  );
}
