/** Changing where a person's links go. */
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "@holdfast/contract";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { useMay } from "../../../app/session.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { sayDone } from "../../../parts/run-act.tsx";

export function ChangeEmail({ user }: { user: User }) {
  const may = useMay();
  const [open, setOpen] = useState(false);
  if (!may("people.changeEmail")) return null;
  return (
    <>
      <Button variant="default" size="compact-xs" onClick={() => setOpen(true)}>
        Change the mail address
      </Button>
      {open && <EmailForm user={user} close={() => setOpen(false)} />}
    </>
  );
}

function EmailForm({ user: { id, name, email = "", etag }, close }: { user: User; close: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { email },
    validate: { email: (value) => (/^\S+@\S+$/.test(value) ? null : "A mail address") },
  });
  const change = useMutation({
    mutationFn: (values: { email: string }) => invoke("people.changeEmail", { id, email: values.email.trim() }, { ifMatch: etag }),
    onSuccess: async () => {
      sayDone(`Mail for ${name} goes there from now on.`);
      close();
      await queries.invalidateQueries();
    },
  });
  return (
    <FormDialog
      title={`Mail address of ${name}`}
      submit="Change"
      onClose={close}
      onSubmit={form.onSubmit((values) => change.mutate(values))}
      pending={change.isPending}
      problem={change.error}
      lines={linesOf("people.changeEmail", { id, email: form.getValues().email }, { ifMatch: etag })}
    >
      <TextInput
        label="Mail address"
        description="Where one-time links go: whoever reads it can choose the password."
        type="email"
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("email")}
      />
    </FormDialog>
  );
}
