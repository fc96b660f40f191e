/** Who a person is at identity providers; linking them by hand, and ending a link. */
import { Button, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconLinkPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { User } from "@holdfast/contract";
import { act } from "../../../app/act.ts";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { ActButton } from "../../../parts/act-bar.tsx";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { Panel } from "../../../parts/page.tsx";
import { sayDone } from "../../../parts/run-act.tsx";
import { RowsSkeleton } from "../../../parts/skeletons.tsx";
import { ActsCell, Table, wideOnly, type Heading } from "../../../parts/table.tsx";
import { When } from "../../../parts/when.tsx";

const head: Heading[] = [{ label: "Provider" }, { label: "As" }, { label: "Last seen", from: "wide" }];

export function Elsewhere({ user }: { user: User }) {
  const may = useMay();
  const [open, setOpen] = useState(false);
  const providers = useQuery(read("federation.list", undefined)).data?.items ?? [];
  const identities = useQuery(read("federation.identitiesOf", { id: user.id }));
  const linkButton = may("federation.link") && providers.length > 0 && (
    <Button variant="default" size="compact-xs" leftSection={<IconLinkPlus size={13} />} onClick={() => setOpen(true)}>
      Link
    </Button>
  );
  return (
    <Panel title="At identity providers" id="elsewhere" flush beside={linkButton || undefined}>
      <Loaded query={identities} skeleton={<RowsSkeleton rows={1} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p style={{ padding: "12px 14px" }}>
              {providers.length === 0
                ? "There is no identity provider; everybody signs in here."
                : "Not linked to any; signs in here only."}
            </p>
          ) : (
            <Table label="Identities" head={head} acts flush>
              {items.map((item) => (
                <Row key={`${item.provider} ${item.subject}`} user={user} item={item} />
              ))}
            </Table>
          )
        }
      </Loaded>
      {open && (
        <LinkForm user={user} providers={providers.map(({ id, name }) => ({ value: id, label: name }))} close={() => setOpen(false)} />
      )}
    </Panel>
  );
}

interface RowProps {
  user: User;
  item: { provider: string; subject: string; name: string; lastSeenAt?: string | undefined };
}

function Row({ user, item }: RowProps) {
  const unlink = act({
    route: "federation.unlink",
    input: { id: user.id, provider: item.provider },
    called: user.name,
    label: "End",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: {
      title: `End the link of ${user.name} to ${item.provider}`,
      says: <p>{user.name} does not come in from there any more, and the sessions that began there end.</p>,
    },
    done: () => "The link is ended.",
  });
  return (
    <tr>
      <th scope="row">{item.provider}</th>
      <td title={item.subject}>{item.name}</td>
      <td className={wideOnly}>
        <When at={item.lastSeenAt} />
      </td>
      <ActsCell>
        <ActButton one={unlink} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}

interface LinkFormProps {
  user: User;
  providers: { value: string; label: string }[];
  close: () => void;
}

function LinkForm({ user, providers, close }: LinkFormProps) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { provider: providers[0]?.value ?? "", subject: "" },
    validate: { subject: (value) => (value.trim() === "" ? "Who it is there" : null) },
  });
  const link = useMutation({
    mutationFn: ({ provider, subject }: { provider: string; subject: string }) =>
      invoke("federation.link", { id: user.id, provider, subject: subject.trim() }),
    onSuccess: async () => {
      sayDone(`${user.name} comes in from there from now on.`);
      await queries.invalidateQueries();
      close();
    },
  });
  return (
    <FormDialog
      title={`Link ${user.name}`}
      submit="Link"
      onClose={close}
      onSubmit={form.onSubmit((values) => link.mutate(values))}
      pending={link.isPending}
      problem={link.error}
      lines={linesOf("federation.link", { id: user.id, ...form.getValues() }, { called: user.name })}
    >
      <Select label="Identity provider" allowDeselect={false} data={providers} {...form.getInputProps("provider")} />
      <TextInput
        label="Subject"
        description="Who it is there: OpenID Connect's sub, a directory's entryUUID. Whoever that is comes in as this person."
        data-autofocus
        spellCheck={false}
        {...form.getInputProps("subject")}
      />
    </FormDialog>
  );
}
