/** What each kind of identity provider needs to be told. */
import { Button, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { invoke } from "../../../app/api.ts";
import { FormPair } from "../../../parts/form-pair.tsx";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import type { ProviderFields } from "./provider-fields.ts";

type Form = UseFormReturnType<ProviderFields>;
const plain = { spellCheck: false, autoComplete: "off" } as const;

export function OidcFields({ form }: { form: Form }) {
  return (
    <>
      <TextInput
        label="Issuer"
        description="As the provider's own discovery document says it, to the letter"
        placeholder="https://idp.example.net/realms/corp"
        {...plain}
        {...form.getInputProps("oidc.issuer")}
      />
      <FormPair>
        <TextInput label="Client id" {...plain} {...form.getInputProps("oidc.clientId")} />
        <Select
          label="How the client secret is shown"
          allowDeselect={false}
          data={[
            { value: "basic", label: "In a header (basic)" },
            { value: "post", label: "In the body (post)" },
            { value: "none", label: "There is none" },
          ]}
          {...form.getInputProps("oidc.clientAuthentication")}
        />
      </FormPair>
      <TagsInput label="Scopes" size="xs" acceptValueOnBlur {...form.getInputProps("oidc.scopes")} />
      <FormPair>
        <TextInput label="Claim with the name" {...plain} {...form.getInputProps("oidc.nameClaim")} />
        <TextInput label="Claim with the groups" {...plain} {...form.getInputProps("oidc.groupsClaim")} />
      </FormPair>
    </>
  );
}

export function LdapFields({ form }: { form: Form }) {
  return (
    <>
      <TextInput
        label="Address"
        description="ldaps://…, or ldap://… which is turned to TLS (StartTLS) before anything is said"
        placeholder="ldaps://dc1.example.net"
        {...plain}
        {...form.getInputProps("ldap.url")}
      />
      <FormPair>
        <TextInput
          label="Who looks people up"
          placeholder="cn=reader,dc=example,dc=net"
          {...plain}
          {...form.getInputProps("ldap.bindDn")}
        />
        <TextInput
          label="Under which people are"
          placeholder="ou=people,dc=example,dc=net"
          {...plain}
          {...form.getInputProps("ldap.baseDn")}
        />
      </FormPair>
      <FormPair>
        <TextInput
          label="Filter for a person"
          description="{name} is what was typed, escaped"
          {...plain}
          {...form.getInputProps("ldap.userFilter")}
        />
        <TextInput
          label="Attribute with the id"
          description="objectGUID in Active Directory"
          {...plain}
          {...form.getInputProps("ldap.idAttribute")}
        />
        <TextInput
          label="Attribute with the name"
          description="sAMAccountName there"
          {...plain}
          {...form.getInputProps("ldap.nameAttribute")}
        />
      </FormPair>
      <FormPair>
        <TextInput
          label="Under which groups are (optional)"
          description="Without it memberOf counts"
          {...plain}
          {...form.getInputProps("ldap.groupBaseDn")}
        />
        <TextInput
          label="Filter for groups"
          description="{dn} is the person's, escaped"
          {...plain}
          {...form.getInputProps("ldap.groupFilter")}
        />
      </FormPair>
    </>
  );
}

export function SamlFields({ form }: { form: Form }) {
  return (
    <>
      <Metadata form={form} />
      <TextInput
        label="Entity id"
        description="What the provider calls itself, to the letter"
        {...plain}
        {...form.getInputProps("saml.entityId")}
      />
      <FormPair>
        <TextInput label="Sign-in URL" description="HTTP-Redirect" {...plain} {...form.getInputProps("saml.ssoUrl")} />
        <TextInput label="Sign-out URL (optional)" description="HTTP-Redirect" {...plain} {...form.getInputProps("saml.sloUrl")} />
      </FormPair>
      <Textarea
        label="What it signs with"
        description="Certificates, PEM; several while it changes from one to the next"
        rows={4}
        {...plain}
        styles={{ input: { fontFamily: "var(--mono)", fontSize: "0.75rem" } }}
        {...form.getInputProps("saml.certificates")}
      />
      <FormPair>
        <Select
          label="What has to be signed"
          allowDeselect={false}
          data={[
            { value: "assertion", label: "The assertion" },
            { value: "response", label: "The response" },
            { value: "both", label: "Both" },
          ]}
          {...form.getInputProps("saml.signed")}
        />
        <Select
          label="How it names people"
          allowDeselect={false}
          data={["persistent", "emailAddress", "unspecified"]}
          {...form.getInputProps("saml.nameIdFormat")}
        />
      </FormPair>
      <FormPair>
        <TextInput label="Attribute with the name (optional)" {...plain} {...form.getInputProps("saml.nameAttribute")} />
        <TextInput label="Attribute with the groups" {...plain} {...form.getInputProps("saml.groupsAttribute")} />
      </FormPair>
      <Switch
        label="Take sign-ins that the provider began"
        description="Anybody can then be signed in as somebody else without noticing; leave it off where you can."
        {...form.getInputProps("saml.allowUnasked", { type: "checkbox" })}
      />
    </>
  );
}

/** Reads what the provider says of itself, so that nobody has to copy certificates by hand. */
function Metadata({ form }: { form: Form }) {
  const [text, setText] = useState("");
  const take = useMutation({
    mutationFn: () => invoke("federation.readMetadata", /^https?:\/\/\S+$/.test(text.trim()) ? { url: text.trim() } : { xml: text }),
    onSuccess: ({ settings }) => {
      const { entityId, ssoUrl, sloUrl = "", certificates } = settings;
      form.setFieldValue("saml", { ...form.getValues().saml, entityId, ssoUrl, sloUrl, certificates: certificates.join("\n") });
    },
  });
  return (
    <>
      <Textarea
        label="Its metadata (optional)"
        description="An address or the XML itself: the fields below are filled in from it."
        autosize
        minRows={1}
        maxRows={5}
        {...plain}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div>
        <Button variant="default" size="compact-xs" disabled={text.trim() === ""} loading={take.isPending} onClick={() => take.mutate()}>
          Read it
        </Button>
      </div>
      {take.error !== null && <ProblemNotice thrown={take.error} />}
    </>
  );
}
