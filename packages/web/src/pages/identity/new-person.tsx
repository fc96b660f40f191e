/** Adding a person. */
import { PasswordInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { builtInRoles } from "virtual:contract";
import { invoke } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { viewProblem } from "../../app/problem-view.ts";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { fieldErrors } from "../../parts/place-errors.ts";
import { sayDone } from "../../parts/run-act.tsx";

function newUser({ name, password, role }: { name: string; password: string; role: string }) {
  return { name, password, grants: [{ role }] };
}

export function NewPerson() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const close = (): void => void navigate({ to: "/settings/people" });
  const form = useForm<{ name: string; password: string; role: string }>({
    initialValues: { name: "", password: "", role: "viewer" },
    validate: {
      name: (value) => (value.trim() === "" ? "What they sign in with" : null),
      password: (value) => (value.length < 12 ? "12 characters at least" : null),
    },
  });
  const create = useMutation({
    mutationFn: (values: { name: string; password: string; role: string }) => invoke("identity.createUser", newUser(values)),
    onSuccess: async (person) => {
      sayDone(`${person.name} can sign in now.`);
      await queries.invalidateQueries();
      close();
    },
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["name", "password", "role"])),
  });
  return (
    <FormDialog
      title="Add a person"
      submit="Add"
      onClose={close}
      onSubmit={form.onSubmit((values) => create.mutate(values))}
      pending={create.isPending}
      problem={create.error}
      lines={linesOf("identity.createUser", newUser(form.getValues()))}
    >
      <TextInput label="Name" data-autofocus autoComplete="off" spellCheck={false} {...form.getInputProps("name")} />
      <PasswordInput
        label="First password"
        description="12 characters at least. Give it to them in a way you trust."
        autoComplete="new-password"
        {...form.getInputProps("password")}
      />
      <Select label="Role" allowDeselect={false} data={[...builtInRoles]} {...form.getInputProps("role")} />
    </FormDialog>
  );
}
