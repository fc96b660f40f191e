/** The form of an API key: one's own, or one of a service account; the key is shown this once. */
import { Checkbox, NumberInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Permission } from "@holdfast/contract";
import type { RouteOutput } from "../../app/api.ts";
import type { Lines } from "../../app/as-code.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { FormPair } from "../../parts/form-pair.tsx";
import { sayPermission } from "./access/permission-words.ts";
import { ShownOnce } from "./shown-once.tsx";
import classes from "./settings.module.css";

export interface NewKeyInput {
  name: string;
  expiresInDays: number;
  scopes: Permission[];
}

interface KeyFormProps {
  title: string;
  /** What the key's owner may do. */
  permissions: readonly Permission[];
  /** Nothing ticked: what that means. */
  all: string;
  make: (input: NewKeyInput) => Promise<RouteOutput<"identity.createKey">>;
  lines: (input: NewKeyInput) => Lines;
  close: () => void;
}

interface Fields {
  name: string;
  days: number | string;
  scopes: Permission[];
}

export function KeyForm({ title, permissions, all, make, lines, close }: KeyFormProps) {
  const queries = useQueryClient();
  const form = useForm<Fields>({
    initialValues: { name: "", days: 90, scopes: [] },
    validate: {
      name: (value) => (value.trim() === "" ? "What is it for?" : null),
      days: (value) => (Number(value) >= 1 && Number(value) <= 365 ? null : "From 1 to 365"),
    },
  });
  const inputOf = ({ name, days, scopes }: Fields): NewKeyInput => ({ name: name.trim(), expiresInDays: Number(days), scopes });
  const create = useMutation({ mutationFn: (fields: Fields) => make(inputOf(fields)), onSuccess: () => queries.invalidateQueries() });
  if (create.data)
    return (
      <ShownOnce title={`The key “${create.data.name}”`} what="key" text={create.data.key} close={close}>
        A program sends it as <span className="mono">Authorization: Bearer …</span>. On the command line:{" "}
        <span className="mono">holdfast login --url {location.origin} --key</span>, and paste it when asked, so that it stays out of the
        history of your shell.
      </ShownOnce>
    );
  return (
    <FormDialog
      title={title}
      submit="Create"
      width={680}
      onClose={close}
      onSubmit={form.onSubmit((fields) => create.mutate(fields))}
      pending={create.isPending}
      problem={create.error}
      lines={lines(inputOf(form.getValues()))}
    >
      <FormPair>
        <TextInput label="Name" description="What it is for" data-autofocus {...form.getInputProps("name")} />
        <NumberInput
          label="Days until it ends"
          description="365 at most"
          min={1}
          max={365}
          allowDecimal={false}
          hideControls
          {...form.getInputProps("days")}
        />
      </FormPair>
      <Checkbox.Group
        label="What it may do"
        description={`Nothing ticked: ${all}, but for the acts that ask a person to prove who they are. A key does those only where the permission is ticked here.`}
        {...form.getInputProps("scopes")}
      >
        <div className={classes["scopes"]} style={{ marginTop: 8 }}>
          {permissions.map((permission) => (
            <Checkbox
              key={permission}
              value={permission}
              label={<span className="mono">{permission}</span>}
              description={sayPermission(permission)}
            />
          ))}
        </div>
      </Checkbox.Group>
    </FormDialog>
  );
}
