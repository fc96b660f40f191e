/** Adding a person: by an invitation, with which they choose their own password, or with a first password from you. */
import { PasswordInput, SegmentedControl, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { viewProblem } from "../../../app/problem-view.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { fieldErrors } from "../../../parts/place-errors.ts";
import { sayDone } from "../../../parts/run-act.tsx";
import { draftsProblem, grantsOf, type DraftGrant } from "../access/draft-grants.ts";
import { GrantsEditor } from "../access/grants-editor.tsx";
import { blankRow } from "../access/selector-rows.ts";
import { ShownLink, type MadeLink } from "./shown-link.tsx";

interface Fields {
  how: "invite" | "password";
  name: string;
  email: string;
  password: string;
}

export function NewPerson() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/settings/people" });
  const [drafts, setDrafts] = useState<DraftGrant[]>([{ role: "viewer", everywhere: true, rows: [blankRow] }]);
  const [made, setMade] = useState<MadeLink>();
  const form = useForm<Fields>({
    initialValues: { how: "invite", name: "", email: "", password: "" },
    validate: {
      name: (value) => (value.trim() === "" ? "What they sign in with" : null),
      email: (value) => (value === "" || /^\S+@\S+$/.test(value) ? null : "A mail address, or nothing"),
      password: (value, { how }) => (how === "password" && value.length < 12 ? "12 characters at least" : null),
    },
  });
  const create = useMutation({
    mutationFn: (fields: Fields) => add(fields, drafts),
    onSuccess: async (link) => {
      await queries.invalidateQueries();
      if (link) return setMade(link);
      sayDone(`${form.getValues().name} can sign in now.`);
      close();
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["name", "email", "password"])),
  });
  if (made) return <ShownLink made={made} close={close} />;
  const values = form.getValues();
  const grants = grantsOf(drafts);
  const lines =
    values.how === "invite"
      ? linesOf("people.invite", { ...mailOf(values), name: values.name, grants })
      : linesOf("identity.createUser", { name: values.name, password: values.password, grants });
  return (
    <FormDialog
      title="Add a person"
      submit={values.how === "invite" ? "Invite" : "Add"}
      width={680}
      onClose={close}
      onSubmit={form.onSubmit((fields) => create.mutate(fields))}
      pending={create.isPending}
      problem={create.error}
      blocked={draftsProblem(drafts)}
      lines={lines}
    >
      <TextInput
        label="Name"
        description="What they sign in with."
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        {...form.getInputProps("name")}
      />
      <SegmentedControl
        aria-label="How they get in"
        data={[
          { value: "invite", label: "Invite by a one-time link" },
          { value: "password", label: "Give a first password" },
        ]}
        {...form.getInputProps("how")}
      />
      {values.how === "invite" ? (
        <TextInput
          label="Mail address (optional)"
          description="Where the link goes; without it, or without a mail server, it is shown to you once."
          type="email"
          autoComplete="off"
          {...form.getInputProps("email")}
        />
      ) : (
        <PasswordInput
          label="First password"
          description="12 characters at least. Give it to them in a way you trust."
          autoComplete="new-password"
          {...form.getInputProps("password")}
        />
      )}
      <GrantsEditor drafts={drafts} onDrafts={setDrafts} />
    </FormDialog>
  );
}

function mailOf({ email }: Pick<Fields, "email">): { email?: string } {
  return email.trim() === "" ? {} : { email: email.trim() };
}

/** The link, for who is invited. */
async function add(fields: Fields, drafts: readonly DraftGrant[]): Promise<MadeLink | undefined> {
  const grants = grantsOf(drafts);
  const name = fields.name.trim();
  if (fields.how === "password") {
    await invoke("identity.createUser", { name, password: fields.password, grants });
    return undefined;
  }
  const { user, ...sent } = await invoke("people.invite", { name, grants, ...mailOf(fields) });
  return { title: `${user.name} is invited`, name: user.name, ...sent };
}
