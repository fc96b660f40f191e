/** Making a service account, and an API key of one. */
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { viewProblem } from "../../../app/problem-view.ts";
import { read } from "../../../app/reads.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { fieldErrors } from "../../../parts/place-errors.ts";
import { sayDone } from "../../../parts/run-act.tsx";
import { draftsProblem, grantsOf, type DraftGrant } from "../access/draft-grants.ts";
import { GrantsEditor } from "../access/grants-editor.tsx";
import { blankRow } from "../access/selector-rows.ts";
import { KeyForm } from "../key-form.tsx";

export function NewMachine() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [drafts, setDrafts] = useState<DraftGrant[]>([{ role: "viewer", everywhere: true, rows: [blankRow] }]);
  const grants = grantsOf(drafts);
  const form = useForm({
    initialValues: { name: "" },
    validate: { name: (value) => (value.trim() === "" ? "What it is called in the audit trail" : null) },
  });
  const create = useMutation({
    mutationFn: ({ name }: { name: string }) => invoke("serviceAccounts.create", { name: name.trim(), grants }),
    onSuccess: async (account) => {
      sayDone(`${account.name} is made; give it a key or a secret next.`);
      await queries.invalidateQueries();
      await navigate({ to: "/settings/machines/$account", params: { account: account.id } });
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["name"])),
  });
  return (
    <FormDialog
      title="Make a service account"
      submit="Make it"
      width={680}
      onClose={() => void navigate({ to: "/settings/machines" })}
      onSubmit={form.onSubmit((values) => create.mutate(values))}
      pending={create.isPending}
      problem={create.error}
      blocked={draftsProblem(drafts)}
      lines={linesOf("serviceAccounts.create", { name: form.getValues().name, grants })}
    >
      <TextInput
        label="Name"
        description="Of the program, e.g. nightly-backups"
        data-autofocus
        spellCheck={false}
        {...form.getInputProps("name")}
      />
      <GrantsEditor drafts={drafts} onDrafts={setDrafts} />
    </FormDialog>
  );
}

const keyRoute = getRouteApi("/shell/settings/machines/$account/new-key");

export function NewMachineKey() {
  const { account: id } = keyRoute.useParams();
  const navigate = useNavigate();
  const account = useQuery(read("people.get", { id }));
  const roles = useQuery(read("roles.list", undefined)).data?.items ?? [];
  return (
    <Loaded query={account} skeleton={null}>
      {({ name, grants }) => (
        <KeyForm
          title={`Create an API key of ${name}`}
          permissions={[
            ...new Set(roles.filter((role) => grants.some((grant) => grant.role === role.id)).flatMap((role) => role.permissions)),
          ]}
          all="all that the account may, now and later"
          make={(input) => invoke("serviceAccounts.createKey", { id, ...input })}
          lines={(input) => linesOf("serviceAccounts.createKey", { id, ...input }, { called: name })}
          close={() => void navigate({ to: "/settings/machines/$account", params: { account: id } })}
        />
      )}
    </Loaded>
  );
}
