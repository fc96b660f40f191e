/** Issuing a certificate: for a request, or with a key that is made here and shown this once. */
import { Button, Modal, NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { CertificateKind } from "@holdfast/contract";
import { invoke, type RouteInput, type RouteOutput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { viewProblem } from "../../app/problem-view.ts";
import { download } from "../../parts/csv.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { FormPair } from "../../parts/form-pair.tsx";
import { fieldErrors } from "../../parts/place-errors.ts";
import { sayDone } from "../../parts/run-act.tsx";
import { kinds, kindSays } from "./words.ts";
import classes from "./pki.module.css";

interface Fields {
  kind: CertificateKind;
  name: string;
  dnsNames: string[];
  addresses: string[];
  days: number | string;
  csr: string;
}

function inputOf({ kind, name, dnsNames, addresses, days, csr }: Fields): RouteInput<"pki.issue"> {
  return {
    kind,
    name: name.trim(),
    dnsNames,
    addresses,
    ...(days !== "" && { days: Number(days) }),
    ...(csr.trim() !== "" && { csr: csr.trim() }),
  };
}

export function IssueCertificate() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/settings/certificates" });
  const form = useForm<Fields>({
    initialValues: { kind: "server", name: "", dnsNames: [], addresses: [], days: "", csr: "" },
    validate: {
      name: (value) => (value.trim() === "" ? "Who it is for" : null),
      csr: (value) => (value.trim() === "" || value.includes("CERTIFICATE REQUEST") ? null : "PEM, with its BEGIN and END lines"),
    },
  });
  const issue = useMutation({
    mutationFn: (fields: Fields) => invoke("pki.issue", inputOf(fields)),
    onSuccess: async (issued) => {
      await queries.invalidateQueries();
      if (issued.privateKey !== undefined) return;
      sayDone(`${issued.name} is issued.`);
      await navigate({ to: "/settings/certificates/$certificate", params: { certificate: issued.id } });
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["name", "csr", "days", "dnsNames", "addresses"])),
  });
  if (issue.data?.privateKey !== undefined) return <KeyOnce issued={issue.data} close={close} />;
  return (
    <FormDialog
      title="Issue a certificate"
      submit="Issue"
      width={640}
      onClose={close}
      onSubmit={form.onSubmit((fields) => issue.mutate(fields))}
      pending={issue.isPending}
      problem={issue.error}
      lines={linesOf("pki.issue", inputOf(form.getValues()))}
    >
      <FormPair>
        <TextInput label="Name" description="Who it is for" data-autofocus spellCheck={false} {...form.getInputProps("name")} />
        <Select
          label="For"
          description="What it may be used as"
          allowDeselect={false}
          data={kinds.map((value) => ({ value, label: kindSays[value] }))}
          {...form.getInputProps("kind")}
        />
      </FormPair>
      <TagsInput label="DNS names" size="xs" acceptValueOnBlur {...form.getInputProps("dnsNames")} />
      <FormPair>
        <TagsInput label="IP addresses" size="xs" acceptValueOnBlur {...form.getInputProps("addresses")} />
        <NumberInput label="Days (optional)" min={1} max={825} allowDecimal={false} hideControls {...form.getInputProps("days")} />
      </FormPair>
      <Textarea
        label="Signing request (optional)"
        description="PKCS #10, PEM: only its public key is taken. Without one a key is made, shown once and not kept."
        rows={4}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mono)", fontSize: "0.75rem" } }}
        {...form.getInputProps("csr")}
      />
    </FormDialog>
  );
}

function KeyOnce({ issued, close }: { issued: RouteOutput<"pki.issue">; close: () => void }) {
  const { name, chain, privateKey = "" } = issued;
  const file = name.replaceAll(/[^\w.-]+/g, "-");
  return (
    <Modal
      opened
      onClose={close}
      title={`${name} is issued`}
      size={620}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <div className={classes["once"]}>
        <p>
          <strong>This is the only time the private key is there.</strong> Holdfast does not keep it. Give both files to {name}.
        </p>
        <div className={classes["row"]}>
          <Button
            variant="default"
            leftSection={<IconDownload size={14} />}
            onClick={() => download(`${file}.pem`, chain, "application/x-pem-file")}
          >
            {file}.pem
          </Button>
          <Button leftSection={<IconDownload size={14} />} onClick={() => download(`${file}.key`, privateKey, "application/x-pem-file")}>
            {file}.key
          </Button>
        </div>
        <div className={classes["end"]}>
          <Button variant="default" onClick={close}>
            I have kept both
          </Button>
        </div>
      </div>
    </Modal>
  );
}
