/** Who one is at identity providers: linking oneself there, and leaving. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { act } from "../../app/act.ts";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { rememberBegun } from "../../app/begun.ts";
import { read } from "../../app/reads.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { sayDone, sayProblem } from "../../parts/run-act.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import classes from "./settings.module.css";

type Door = RouteOutput<"federation.doors">["items"][number];
type Identity = RouteOutput<"federation.identities">["items"][number];

const head: Heading[] = [{ label: "Provider" }, { label: "As" }, { label: "Last seen", from: "wide" }];

/** Nothing where there is no identity provider. */
export function OwnElsewhere() {
  const doors = useQuery(read("federation.doors", undefined)).data?.items ?? [];
  const identities = useQuery(read("federation.identities", undefined));
  const [directory, setDirectory] = useState<Door>();
  const linked = new Set(identities.data?.items.map((item) => item.provider));
  const leave = useMutation({
    mutationFn: (id: string) => invoke("federation.startLink", { id }),
    onSuccess: ({ url }) => {
      rememberBegun({ purpose: "link", next: "/settings/profile" });
      location.assign(url);
    },
    onError: sayProblem,
  });
  if (doors.length === 0 && linked.size === 0) return null;
  return (
    <Panel
      title="At identity providers"
      id="elsewhere"
      beside={
        <div className={classes["row"]}>
          {doors
            .filter((door) => !linked.has(door.id))
            .map((door) => (
              <Button
                key={door.id}
                variant="default"
                loading={leave.isPending && leave.variables === door.id}
                onClick={() => (door.kind === "ldap" ? setDirectory(door) : leave.mutate(door.id))}
              >
                Link {door.name}
              </Button>
            ))}
        </div>
      }
    >
      <Loaded query={identities} skeleton={<RowsSkeleton rows={1} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="dim">You are linked to none. Once you are, you can sign in from there, as the same person.</p>
          ) : (
            <Table label="You at identity providers" head={head} acts>
              {items.map((item) => (
                <Row key={`${item.provider} ${item.subject}`} item={item} name={doors.find(({ id }) => id === item.provider)?.name} />
              ))}
            </Table>
          )
        }
      </Loaded>
      {directory && <LinkDirectory door={directory} close={() => setDirectory(undefined)} />}
    </Panel>
  );
}

function Row({ item, name = item.provider }: { item: Identity; name?: string | undefined }) {
  const end = act({
    route: "federation.leave",
    input: { provider: item.provider },
    label: "End",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: {
      title: `End your link to ${name}`,
      says: <p>You do not come in from there any more, and your sessions that began there end. Your last way in cannot be ended.</p>,
    },
    done: () => `You are not linked to ${name} any more.`,
  });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td title={item.subject}>{item.name}</td>
      <td className={wideOnly}>
        <When at={item.lastSeenAt} />
      </td>
      <ActsCell>
        <ActButton one={end} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}

function LinkDirectory({ door, close }: { door: Door; close: () => void }) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: "", password: "" } });
  const link = useMutation({
    mutationFn: (values: { name: string; password: string }) => invoke("federation.linkByPassword", { id: door.id, ...values }),
    onSuccess: async ({ name }) => {
      sayDone(`You are ${name} at ${door.name}.`);
      await queries.invalidateQueries();
      close();
    },
  });
  return (
    <FormDialog
      title={`Link ${door.name}`}
      submit="Link"
      onClose={close}
      onSubmit={form.onSubmit((values) => link.mutate(values))}
      pending={link.isPending}
      problem={link.error}
    >
      <TextInput label={`Name at ${door.name}`} data-autofocus autoComplete="off" spellCheck={false} {...form.getInputProps("name")} />
      <PasswordInput label={`Password at ${door.name}`} autoComplete="current-password" {...form.getInputProps("password")} />
    </FormDialog>
  );
}
