/** How some devices are signed in to, stored under the name that they have for it. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { invoke } from "../../../app/api.ts";
import { FormPair } from "../../../parts/form-pair.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { sayDone } from "../../../parts/run-act.tsx";
import classes from "./welcome.module.css";

interface CredentialProps {
  /** Of the secret. */
  name: string;
  submit: string;
  /** What comes right after. */
  then: () => unknown;
}

export function Credential({ name, submit, then }: CredentialProps) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { username: "", password: "" },
    validate: {
      username: (value) => (value.trim() === "" ? "Who signs in" : null),
      password: (value) => (value === "" ? "The password" : null),
    },
  });
  const store = useMutation({
    mutationFn: async ({ username, password }: { username: string; password: string }) => {
      await invoke("secrets.create", { name, value: { kind: "password", username: username.trim(), password } });
      await then();
    },
    onSuccess: () => sayDone(`${name} is sealed.`),
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <form className={classes["stack"]} noValidate onSubmit={form.onSubmit((values) => store.mutate(values))}>
      <FormPair>
        <TextInput label={`User of ${name}`} autoComplete="off" spellCheck={false} {...form.getInputProps("username")} />
        <PasswordInput
          label="Password"
          description="Sealed at once; it never comes back out."
          autoComplete="new-password"
          {...form.getInputProps("password")}
        />
      </FormPair>
      {store.error !== null && <ProblemNotice thrown={store.error} />}
      <div className={classes["end"]}>
        <LinkButton variant="subtle" to="/settings/secrets/new">
          An SSH key instead
        </LinkButton>
        <Button type="submit" loading={store.isPending}>
          {submit}
        </Button>
      </div>
    </form>
  );
}
