/** Adding an identity provider, and changing one. */
import { Select, Switch, TagsInput, TextInput, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Provider } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { read } from "../../../app/reads.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { FormPair } from "../../../parts/form-pair.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { sayDone } from "../../../parts/run-act.tsx";
import { GroupsEditor } from "./groups-editor.tsx";
import {
  blankProvider,
  fieldsOf,
  inputOf,
  kindWords,
  providerProblems,
  type ProviderFields,
  type ProviderInput,
} from "./provider-fields.ts";
import { LdapFields, OidcFields, SamlFields } from "./settings-fields.tsx";
import { Ours } from "./ours.tsx";

export function NewProvider() {
  return <ProviderForm initial={blankProvider} />;
}

const editRoute = getRouteApi("/shell/settings/providers/$provider");

export function EditProvider() {
  const { provider: id } = editRoute.useParams();
  const providers = useQuery(read("federation.list", undefined));
  return (
    <Loaded query={providers} skeleton={null}>
      {({ items }) => {
        const found = items.find((one) => one.id === id);
        return found === undefined ? <ProblemNotice thrown={missing(id)} /> : <ProviderForm initial={fieldsOf(found)} provider={found} />;
      }}
    </Loaded>
  );
}

function missing(id: string): Problem {
  return new Problem("identity_provider_missing", { kind: "missing", say: `There is no identity provider “${id}”.` });
}

function ProviderForm(given: { initial: ProviderFields; provider?: Provider }) {
  // As it was read when the form was opened: its ETag holds the change to it.
  const [{ initial, provider }] = useState(given);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/settings/providers" });
  const form = useForm<ProviderFields>({ initialValues: initial, validate: providerProblems });
  const save = useMutation({
    mutationFn: (input: ProviderInput) =>
      provider === undefined ? invoke("federation.create", input) : invoke("federation.update", input, { ifMatch: provider.etag }),
    onSuccess: ({ name, enabled }) => {
      sayDone(enabled ? `${name} is on the sign-in page.` : `${name} is kept, switched off.`);
      close();
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const values = form.getValues();
  return (
    <FormDialog
      title={provider === undefined ? "Add an identity provider" : provider.name}
      submit={provider === undefined ? "Add it" : "Save"}
      width={760}
      onClose={close}
      onSubmit={form.onSubmit((fields) => save.mutate(inputOf(fields)))}
      pending={save.isPending}
      problem={save.error}
      lines={linesOf(provider === undefined ? "federation.create" : "federation.update", inputOf(values), { ifMatch: provider?.etag })}
    >
      {provider === undefined && (
        <FormPair>
          <Select
            label="Kind"
            allowDeselect={false}
            data={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
            {...form.getInputProps("kind")}
          />
          <TextInput label="Id" description="In addresses; it stays" spellCheck={false} data-autofocus {...form.getInputProps("id")} />
        </FormPair>
      )}
      <TextInput label="Name" description="On the button of the sign-in page" {...form.getInputProps("name")} />
      {values.kind === "oidc" && <OidcFields form={form} />}
      {values.kind === "ldap" && <LdapFields form={form} />}
      {values.kind === "saml" && <SamlFields form={form} />}
      {values.kind !== "saml" && (
        <PasswordInput
          label={values.kind === "ldap" ? "Password of the one who looks people up" : "Client secret"}
          description={
            provider?.hasSecret === true ? "Left empty, the one that is kept stays." : "Sealed at once; it never comes back out."
          }
          autoComplete="new-password"
          {...form.getInputProps("secret")}
        />
      )}
      <GroupsEditor groups={values.groups} onGroups={(groups) => form.setFieldValue("groups", groups)} error={form.errors["groups"]} />
      <TagsInput
        label="What it calls a sign-in with two factors (optional)"
        description="Values of acr or amr, or an AuthnContextClassRef. It then counts as the second factor that a role asks for."
        size="xs"
        acceptValueOnBlur
        {...form.getInputProps("trustedContexts")}
      />
      <Switch
        label="Whoever comes first gets an account"
        description="Otherwise only whom somebody linked comes in."
        {...form.getInputProps("createUsers", { type: "checkbox" })}
      />
      {values.kind !== "ldap" && (
        <Switch label="Who signs out here is signed out there, too" {...form.getInputProps("signOutThere", { type: "checkbox" })} />
      )}
      <Switch label="On the sign-in page" {...form.getInputProps("enabled", { type: "checkbox" })} />
      {provider?.ours && <Ours ours={provider.ours} certificates={provider.certificates} />}
    </FormDialog>
  );
}
