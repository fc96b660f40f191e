/** Storing a secret, and a new version of one. */
import { NumberInput, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { useForm, type UseFormReturnType } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { serverNow } from "../../app/clock.ts";
import { viewProblem } from "../../app/problem-view.ts";
import { read } from "../../app/reads.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { fieldErrors } from "../../parts/place-errors.ts";
import { sayDone } from "../../parts/run-act.tsx";
import { blankSecret, dueOf, kindWords, termOf, valueOf, type SecretFields } from "./kinds.ts";

type Form = UseFormReturnType<SecretFields>;
const kinds = Object.entries(kindWords).map(([value, label]) => ({ value, label }));

export function NewSecret() {
  return <SecretForm initial={blankSecret} />;
}

const replaceRoute = getRouteApi("/shell/settings/secrets/$secret/replace");

export function ReplaceSecret() {
  const { secret: id } = replaceRoute.useParams();
  const secret = useQuery(read("secrets.show", { id }));
  return (
    <Loaded query={secret} skeleton={null}>
      {({ name, kind, username = "", etag, updatedAt, expiresAt }) => (
        <SecretForm initial={{ ...blankSecret, name, kind, username, dueDays: termOf({ updatedAt, expiresAt }) }} replaces={{ id, etag }} />
      )}
    </Loaded>
  );
}

function SecretForm(given: { initial: SecretFields; replaces?: { id: string; etag: string } }) {
  // What was read when the form was opened: a version that somebody else stores meanwhile is not stored over.
  const [{ initial, replaces }] = useState(given);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void =>
    void (replaces === undefined
      ? navigate({ to: "/settings/secrets" })
      : navigate({ to: "/settings/secrets/$secret", params: { secret: replaces.id } }));
  const form = useForm<SecretFields>({ initialValues: initial, validate: validate });
  const save = useMutation({
    mutationFn: (fields: SecretFields) =>
      replaces === undefined
        ? invoke("secrets.create", { name: fields.name, ...storedOf(fields) })
        : invoke("secrets.replace", { id: replaces.id, ...storedOf(fields) }, { ifMatch: replaces.etag }),
    onSuccess: async (secret) => {
      sayDone(`${secret.name} is sealed, version ${secret.version}.`);
      await queries.invalidateQueries();
      close();
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, Object.keys(initial))),
  });
  const values = form.getValues();
  const lines =
    replaces === undefined
      ? linesOf("secrets.create", { name: values.name, ...storedOf(values) })
      : linesOf("secrets.replace", { id: replaces.id, ...storedOf(values) }, { ifMatch: replaces.etag, called: initial.name });
  return (
    <FormDialog
      title={replaces === undefined ? "Add a secret" : `New version of ${initial.name}`}
      submit="Seal it"
      onClose={close}
      onSubmit={form.onSubmit((fields) => save.mutate(fields))}
      pending={save.isPending}
      problem={save.error}
      lines={lines}
    >
      {replaces === undefined && (
        <>
          <TextInput
            label="Name"
            description="Lower-case letters, digits, . _ - and /, e.g. lyon/routers"
            data-autofocus
            spellCheck={false}
            {...form.getInputProps("name")}
          />
          <Select label="Kind" allowDeselect={false} data={kinds} {...form.getInputProps("kind")} />
        </>
      )}
      <KindFields form={form} kind={values.kind} first={replaces !== undefined} />
      <NumberInput
        label="To be replaced in days (optional)"
        description="Then a finding reminds you; the secret goes on working."
        min={1}
        max={3650}
        allowDecimal={false}
        hideControls
        {...form.getInputProps("dueDays")}
      />
    </FormDialog>
  );
}

function storedOf(fields: SecretFields) {
  const dueAt = dueOf(fields, serverNow());
  return { value: valueOf(fields), ...(dueAt !== undefined && { expiresAt: dueAt }) };
}

const never = { autoComplete: "off", spellCheck: false } as const;
const keyStyle = { input: { fontFamily: "var(--mono)", fontSize: "0.75rem" } };

interface KindFieldsProps {
  form: Form;
  kind: SecretFields["kind"];
  /** Nothing stands before these fields. */
  first: boolean;
}

function KindFields({ form, kind, first }: KindFieldsProps) {
  const focus = first ? { "data-autofocus": true } : {};
  const enable = <PasswordInput label="Enable password (optional)" autoComplete="new-password" {...form.getInputProps("enablePassword")} />;
  const user = <TextInput label="User" {...focus} {...never} {...form.getInputProps("username")} />;
  const key = (
    <Textarea
      label="Private key"
      description="PEM or OpenSSH format"
      rows={6}
      styles={keyStyle}
      {...(kind === "git_ssh" ? focus : {})}
      {...never}
      {...form.getInputProps("privateKey")}
    />
  );
  switch (kind) {
    case "password":
      return (
        <>
          {user}
          <PasswordInput label="Password" autoComplete="new-password" {...form.getInputProps("password")} />
          {enable}
        </>
      );
    case "ssh_key":
      return (
        <>
          {user}
          {key}
          <PasswordInput label="Passphrase of the key (optional)" autoComplete="new-password" {...form.getInputProps("passphrase")} />
          {enable}
        </>
      );
    case "ssh_ca":
      return (
        <>
          {user}
          {enable}
        </>
      );
    case "git_https":
      return (
        <>
          {user}
          <PasswordInput label="Token" autoComplete="new-password" {...form.getInputProps("token")} />
        </>
      );
    case "git_ssh":
      return (
        <>
          {key}
          <Textarea
            label="Known hosts"
            description="Lines of known_hosts for the Git server"
            rows={3}
            styles={keyStyle}
            {...never}
            {...form.getInputProps("knownHosts")}
          />
        </>
      );
  }
}

function validate(fields: SecretFields): Record<string, string> {
  const errors: Record<string, string> = {};
  if (!/^[a-z0-9][a-z0-9._/-]{0,99}$/.test(fields.name)) errors["name"] = "Lower-case letters, digits, . _ - and /";
  if (fields.kind !== "git_ssh" && fields.username.trim() === "") errors["username"] = "Who signs in";
  if ((fields.kind === "ssh_key" || fields.kind === "git_ssh") && !fields.privateKey.includes("PRIVATE KEY"))
    errors["privateKey"] = "The whole key, with its BEGIN and END lines";
  if (fields.kind === "git_https" && fields.token === "") errors["token"] = "The token";
  if (fields.kind === "git_ssh" && fields.knownHosts.trim() === "") errors["knownHosts"] = "Without it nobody knows whom we talk to";
  return errors;
}
