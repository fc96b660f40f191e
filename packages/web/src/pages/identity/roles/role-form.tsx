/** Making a role, and changing one: permissions in plain words, in groups. */
import { Checkbox, Switch, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Permission, RoleSummary } from "@holdfast/contract";
import { permissions } from "virtual:contract";
import { invoke, type RouteInput } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { viewProblem } from "../../../app/problem-view.ts";
import { useMe } from "../../../app/session.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { fieldErrors } from "../../../parts/place-errors.ts";
import { sayDone } from "../../../parts/run-act.tsx";
import { grouped, sayPermission } from "../access/permission-words.ts";
import { useRole } from "./use-role.ts";
import access from "../access/access.module.css";

type Given = RouteInput<"roles.create">["permissions"];

interface Fields {
  name: string;
  description: string;
  secondFactor: boolean;
  permissions: Permission[];
}

export function NewRole() {
  const navigate = useNavigate();
  const save = async (fields: Fields): Promise<void> => {
    const { name, description, secondFactor } = fields;
    const made = await invoke("roles.create", { name, description, permissions: fields.permissions as Given });
    if (secondFactor) await invoke("roles.update", { id: made.id, secondFactor }, { ifMatch: made.etag });
    await navigate({ to: "/settings/roles/$role", params: { role: made.id } });
    sayDone(`The role ${made.id} is made; give it to people next.`);
  };
  return (
    <RoleForm
      title="Make a role"
      submit="Make it"
      initial={{ name: "", description: "", secondFactor: false, permissions: [] }}
      save={save}
      close={() => void navigate({ to: "/settings/roles" })}
    />
  );
}

const editRoute = getRouteApi("/shell/settings/roles/$role/edit");

export function EditRole() {
  const { role: id } = editRoute.useParams();
  const role = useRole(id);
  return (
    <Loaded query={role} skeleton={null}>
      {(found) => <Edit role={found} />}
    </Loaded>
  );
}

function Edit(given: { role: RoleSummary }) {
  // As it was read when the form was opened: its ETag holds the change to it.
  const [role] = useState(given.role);
  const navigate = useNavigate();
  const close = (): void => void navigate({ to: "/settings/roles/$role", params: { role: role.id } });
  const save = async ({ description, secondFactor, permissions: wanted }: Fields): Promise<void> => {
    let { etag } = role;
    if (description !== role.description || secondFactor !== role.secondFactor)
      ({ etag } = await invoke("roles.update", { id: role.id, description, secondFactor }, { ifMatch: etag }));
    if (!role.builtIn && !sameSet(wanted, role.permissions))
      await invoke("roles.setPermissions", { id: role.id, permissions: wanted as Given }, { ifMatch: etag });
    sayDone(`The role ${role.id} is changed.`);
    close();
  };
  const { id: name, description, secondFactor } = role;
  return (
    <RoleForm
      title={`Edit ${role.id}`}
      submit="Save"
      role={role}
      initial={{ name, description, secondFactor, permissions: role.permissions }}
      save={save}
      close={close}
    />
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

interface RoleFormProps {
  title: string;
  submit: string;
  initial: Fields;
  /** The one that is edited. */
  role?: RoleSummary;
  save: (fields: Fields) => Promise<void>;
  close: () => void;
}

function RoleForm({ title, submit, initial, role, save, close }: RoleFormProps) {
  const queries = useQueryClient();
  const form = useForm<Fields>({
    initialValues: initial,
    validate: {
      name: (value) => (/^[a-z][a-z0-9-]{0,62}$/.test(value) ? null : "A lower-case name of letters, digits and dashes"),
      permissions: (value) => (value.length === 0 ? "One at least" : null),
    },
  });
  const mutation = useMutation({
    mutationFn: save,
    onSettled: () => queries.invalidateQueries(),
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, Object.keys(initial))),
  });
  const values = form.getValues();
  const given = values.permissions as Given;
  const lines = role
    ? linesOf("roles.setPermissions", { id: role.id, permissions: given }, { ifMatch: role.etag })
    : linesOf("roles.create", { name: values.name, description: values.description, permissions: given });
  return (
    <FormDialog
      title={title}
      submit={submit}
      width={860}
      onClose={close}
      onSubmit={form.onSubmit((fields) => mutation.mutate(fields))}
      pending={mutation.isPending}
      problem={mutation.error}
      lines={lines}
    >
      {!role && (
        <TextInput label="Name" description="e.g. lyon-operator" data-autofocus spellCheck={false} {...form.getInputProps("name")} />
      )}
      <Textarea
        label="What it is for"
        autosize
        minRows={1}
        maxLength={500}
        {...(role && { "data-autofocus": true })}
        {...form.getInputProps("description")}
      />
      <Switch label="Whoever has it signs in with a second factor" {...form.getInputProps("secondFactor", { type: "checkbox" })} />
      {role?.builtIn === true ? (
        <p className="dim">What it allows cannot be changed: this role is always there. Make one of your own in its place.</p>
      ) : (
        <Permissions
          chosen={values.permissions}
          onChoose={(chosen) => form.setFieldValue("permissions", chosen)}
          error={form.errors["permissions"]}
        />
      )}
    </FormDialog>
  );
}

interface PermissionsProps {
  chosen: Permission[];
  onChoose: (chosen: Permission[]) => void;
  error: React.ReactNode;
}

/** Nobody gives more than they have, so what one may not do oneself is shown, and cannot be ticked. */
function Permissions({ chosen, onChoose, error }: PermissionsProps) {
  const me = useMe();
  return (
    <Checkbox.Group
      label="What it allows"
      description="What you may not do yourself you cannot give away."
      value={chosen}
      onChange={(values) => onChoose(values as Permission[])}
      error={error}
    >
      <div className={access["groups"]} style={{ marginTop: 8 }}>
        {grouped(permissions).map((group) => (
          <section key={group.title} className={access["group"]} aria-label={group.title}>
            <h3>{group.title}</h3>
            {group.permissions.map((permission) => (
              <Checkbox
                key={permission}
                value={permission}
                mb={6}
                disabled={me?.permissions.includes(permission) !== true && !chosen.includes(permission)}
                label={sayPermission(permission)}
                description={<span className="mono">{permission}</span>}
              />
            ))}
          </section>
        ))}
      </div>
    </Checkbox.Group>
  );
}
