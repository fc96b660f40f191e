/** Creating an API key; it is shown this once. */
import { Button, Checkbox, Modal, NumberInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Permission } from "@holdfast/contract";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { useMe } from "../../app/session.ts";
import { Copy } from "../../parts/copy.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { FormPair } from "../../parts/form-pair.tsx";
import classes from "./settings.module.css";

interface Fields {
  name: string;
  days: number | string;
  scopes: Permission[];
}

export function NewKey() {
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/settings/keys" });
  const form = useForm<Fields>({
    initialValues: { name: "", days: 90, scopes: [] },
    validate: {
      name: (value) => (value.trim() === "" ? "What is it for?" : null),
      days: (value) => (Number(value) >= 1 && Number(value) <= 365 ? null : "From 1 to 365"),
    },
  });
  const inputOf = ({ name, days, scopes }: Fields) => ({ name: name.trim(), expiresInDays: Number(days), scopes });
  const create = useMutation({
    mutationFn: (fields: Fields) => invoke("identity.createKey", inputOf(fields)),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (create.data) return <ShownOnce made={create.data} close={close} />;
  const mine = (me?.permissions ?? []).filter((permission) => permission !== "public" && permission !== "self");
  return (
    <FormDialog
      title="Create an API key"
      submit="Create"
      onClose={close}
      onSubmit={form.onSubmit((fields) => create.mutate(fields))}
      pending={create.isPending}
      problem={create.error}
      lines={linesOf("identity.createKey", inputOf(form.getValues()))}
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
      <Checkbox.Group label="What it may do" description="Nothing ticked: all that you may." {...form.getInputProps("scopes")}>
        <div className={classes["scopes"]} style={{ marginTop: 8 }}>
          {mine.map((permission) => (
            <Checkbox key={permission} value={permission} label={<span className="mono">{permission}</span>} />
          ))}
        </div>
      </Checkbox.Group>
    </FormDialog>
  );
}

function ShownOnce({ made, close }: { made: RouteOutput<"identity.createKey">; close: () => void }) {
  return (
    <Modal
      opened
      onClose={close}
      title={`The key “${made.name}”`}
      size={560}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <div className={classes["once"]}>
        <p>
          <strong>This is the only time it is shown.</strong> Holdfast keeps a hash of it and cannot show it again.
        </p>
        <div className={classes["key"]}>
          <code className="mono" style={{ flex: 1 }}>
            {made.key}
          </code>
          <Copy text={made.key} what="key" />
        </div>
        <p className="dim">
          On the command line: <span className="mono">holdfast login</span>, and paste it when asked, so that it stays out of the history of
          your shell.
        </p>
        <div style={{ textAlign: "right" }}>
          <Button onClick={close} data-autofocus>
            I have kept it
          </Button>
        </div>
      </div>
    </Modal>
  );
}
