/** Making the authorities, importing one's own, and taking the root's key out of the system or putting it back. */
import { PasswordInput, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { viewProblem } from "../../app/problem-view.ts";
import { download } from "../../parts/csv.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { fieldErrors } from "../../parts/place-errors.ts";
import { sayDone } from "../../parts/run-act.tsx";

const mono = { input: { fontFamily: "var(--mono)", fontSize: "0.75rem" } };
const pem = { rows: 5, spellCheck: false, autoComplete: "off", styles: mono } as const;
const domain = {
  label: "Trust domain",
  description: "What SPIFFE ids begin with, e.g. holdfast.example.net; it stays.",
  spellCheck: false,
} as const;

function useDone(to: "/settings/certificates" | "/settings/certificates/authorities"): {
  close: () => void;
  done: (says: string) => Promise<void>;
} {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to });
  const done = async (says: string): Promise<void> => {
    sayDone(says);
    await queries.invalidateQueries();
    close();
  };
  return { close, done };
}

export function InitPki() {
  const { close, done } = useDone("/settings/certificates");
  const form = useForm({
    initialValues: { trustDomain: "", name: "Holdfast" },
    validate: {
      trustDomain: (value) => (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value) ? null : "A domain name in lower case"),
      name: (value) => (value.trim() === "" ? "What certificates call it" : null),
    },
  });
  const init = useMutation({
    mutationFn: (values: { trustDomain: string; name: string }) => invoke("pki.init", values),
    onSuccess: () => done("A root, an intermediate and an SSH authority are made."),
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["trustDomain", "name"])),
  });
  return (
    <FormDialog
      title="Make the authorities"
      submit="Make them"
      onClose={close}
      onSubmit={form.onSubmit((values) => init.mutate(values))}
      pending={init.isPending}
      problem={init.error}
      lines={linesOf("pki.init", form.getValues())}
    >
      <TextInput {...domain} data-autofocus {...form.getInputProps("trustDomain")} />
      <TextInput label="Name" description="What certificates call the authority." {...form.getInputProps("name")} />
    </FormDialog>
  );
}

interface ImportFields {
  chain: string;
  key: string;
  passphrase: string;
  crls: string;
  trustDomain: string;
}

function importOf({ chain, key, trustDomain, passphrase, crls }: ImportFields) {
  return { chain, key, trustDomain, ...(passphrase !== "" && { passphrase }), ...(crls.trim() !== "" && { crls }) };
}

export function ImportAuthority() {
  const { close, done } = useDone("/settings/certificates/authorities");
  const form = useForm<ImportFields>({
    initialValues: { chain: "", key: "", passphrase: "", crls: "", trustDomain: "" },
    validate: {
      chain: (value) => (value.includes("BEGIN CERTIFICATE") ? null : "PEM certificates, with their BEGIN and END lines"),
      key: (value) => (value.includes("PRIVATE KEY") ? null : "The whole key, with its BEGIN and END lines"),
      trustDomain: (value) => (value.trim() === "" ? "What SPIFFE ids begin with" : null),
    },
  });
  const bring = useMutation({
    mutationFn: (fields: ImportFields) => invoke("pki.importAuthority", importOf(fields)),
    onSuccess: () => done("Your authority issues from now on."),
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["chain", "key", "passphrase", "crls", "trustDomain"])),
  });
  return (
    <FormDialog
      title="Import an authority of your own"
      submit="Import"
      width={680}
      onClose={close}
      onSubmit={form.onSubmit((fields) => bring.mutate(fields))}
      pending={bring.isPending}
      problem={bring.error}
      lines={linesOf("pki.importAuthority", { ...importOf(form.getValues()), key: "…" })}
    >
      <TextInput {...domain} data-autofocus {...form.getInputProps("trustDomain")} />
      <Textarea
        label="Chain"
        description="PEM: the issuing certificate first, then those above it, up to the root."
        {...pem}
        {...form.getInputProps("chain")}
      />
      <Textarea
        label="Private key"
        description="PEM, of the first certificate. Sealed at once; it never comes back out."
        {...pem}
        {...form.getInputProps("key")}
      />
      <PasswordInput label="Passphrase of the key (optional)" autoComplete="current-password" {...form.getInputProps("passphrase")} />
      <Textarea label="Revocation lists of the authorities above (optional)" {...pem} rows={2} {...form.getInputProps("crls")} />
    </FormDialog>
  );
}

type RootAct = "export" | "remove" | "restore";
const rootSays: Record<RootAct, string> = {
  export: "A file with the root’s certificate and its key, sealed with your passphrase. Keep both where this system is not.",
  remove: "Show that your file opens: then the key is deleted here. New intermediates need it back; issuing goes on without it.",
  restore: "Puts the root’s key back from your file, e.g. to make a new intermediate.",
};
const rootVerbs: Record<RootAct, string> = { export: "Export it", remove: "Take the key out", restore: "Put the key back" };

interface RootFields {
  what: RootAct;
  passphrase: string;
  pem: string;
}

export function RootKey() {
  const { close, done } = useDone("/settings/certificates/authorities");
  const [what, setWhat] = useState<RootAct>("export");
  const form = useForm({
    initialValues: { passphrase: "", pem: "" },
    validate: {
      passphrase: (value) => (what === "export" && value.length < 12 ? "12 characters at least" : null),
      pem: (value) => (what === "export" || value.includes("ENCRYPTED PRIVATE KEY") ? null : "The whole file that the export gave"),
    },
  });
  const run = useMutation({ mutationFn: runRoot, onSuccess: done });
  const { passphrase, pem: file } = form.getValues();
  const lines =
    what === "export"
      ? linesOf("pki.exportRoot", { passphrase })
      : linesOf(what === "remove" ? "pki.removeRoot" : "pki.restoreRoot", { pem: file, passphrase });
  return (
    <FormDialog
      title="The root’s key"
      submit={rootVerbs[what]}
      onClose={close}
      onSubmit={form.onSubmit((values) => run.mutate({ what, ...values }))}
      pending={run.isPending}
      problem={run.error}
      lines={lines}
    >
      <SegmentedControl
        aria-label="What to do with the root’s key"
        data={[
          { value: "export", label: "Export" },
          { value: "remove", label: "Take it out" },
          { value: "restore", label: "Put it back" },
        ]}
        value={what}
        onChange={(value) => setWhat(value as RootAct)}
      />
      <p>{rootSays[what]}</p>
      {what !== "export" && <Textarea label="The exported file" {...pem} {...form.getInputProps("pem")} />}
      <PasswordInput
        label="Passphrase"
        description={what === "export" ? "12 characters at least. Without it the file is worth nothing to anybody, you too." : undefined}
        autoComplete="new-password"
        {...form.getInputProps("passphrase")}
      />
    </FormDialog>
  );
}

async function runRoot({ what, passphrase, pem: file }: RootFields): Promise<string> {
  if (what === "export") {
    const exported = await invoke("pki.exportRoot", { passphrase });
    download("holdfast-root.pem", exported.pem, "application/x-pem-file");
    return "The root is in holdfast-root.pem; try that it opens before you take the key out.";
  }
  await invoke(what === "remove" ? "pki.removeRoot" : "pki.restoreRoot", { pem: file, passphrase });
  return what === "remove" ? "The root’s key is out of this system." : "The root’s key is back.";
}
