/** Connecting a repository, and changing how it is followed. */
import { Select, TextInput } from "@mantine/core";
import { schemaResolver, useForm, type FormErrors } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { repositoriesContract, type Repository, type RepositoryPatch } from "@holdfast/contract";
import { mergePatchBetween, parseDuration } from "@holdfast/kit";
import { invoke, type RouteInput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { read } from "../../app/reads.ts";
import { useMay } from "../../app/session.ts";
import { FormPair } from "../../parts/form-pair.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { SpecDialog, type SpecFormProps } from "../../parts/spec-form.tsx";

type New = RouteInput<"repositories.create">;
type Spec = Omit<New, "branch" | "pollMs"> & { branch: string; pollMs: number };
interface Fields {
  name: string;
  url: string;
  branch: string;
  secret: string;
  poll: string;
}

export function NewRepository() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (spec: Spec) => invoke("repositories.create", spec),
    onSuccess: async (repository) => {
      sayDone(repository.problem ?? `${repository.name} is connected.`);
      await queries.invalidateQueries();
      void navigate({ to: "/repositories/$repository", params: { repository: repository.id } });
    },
  });
  return (
    <RepositoryForm
      title="Connect a repository"
      submit="Connect"
      initial={{ name: "", url: "", branch: "main", secret: "", poll: "60s" }}
      close={() => void navigate({ to: "/repositories" })}
      save={create}
      lines={(spec) => linesOf("repositories.create", spec)}
    />
  );
}

const editRoute = getRouteApi("/shell/repositories/$repository/edit");

export function EditRepository() {
  const { repository: id } = editRoute.useParams();
  const repository = useQuery(read("repositories.get", { id }));
  return (
    <Loaded query={repository} skeleton={null}>
      {(found) => <Edit repository={found} />}
    </Loaded>
  );
}

function Edit({ repository }: { repository: Repository }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { id, etag } = repository;
  const close = (): void => void navigate({ to: "/repositories/$repository", params: { repository: id } });
  const initial = {
    name: repository.name,
    url: repository.url,
    branch: repository.branch,
    secret: repository.secret ?? "",
    poll: `${repository.pollMs / 1000}s`,
  };
  const changed = (spec: Spec): RepositoryPatch => mergePatchBetween(specOf(initial), spec);
  const update = useMutation({
    mutationFn: (spec: Spec) => invoke("repositories.update", { id, ...changed(spec) }, { ifMatch: etag }),
    onSuccess: async () => {
      sayDone(`${repository.name} is changed.`);
      await queries.invalidateQueries();
      close();
    },
  });
  return (
    <RepositoryForm
      title={`Edit ${repository.name}`}
      submit="Save"
      initial={initial}
      close={close}
      save={update}
      lines={(spec) => linesOf("repositories.update", { id, ...changed(spec) }, { ifMatch: etag })}
    />
  );
}

function specOf({ name, url, branch, secret, poll }: Fields): Spec {
  return {
    name: name.trim(),
    url: url.trim(),
    branch: branch.trim(),
    pollMs: parseDuration(poll) ?? Number.NaN,
    ...(secret !== "" && { secret }),
  };
}

const schema = repositoriesContract.create["~orpc"].inputSchema;
const validateSpec = schema === undefined ? (): FormErrors => ({}) : schemaResolver(schema, { sync: true });

function RepositoryForm({ initial, ...dialog }: SpecFormProps<Spec, Fields>) {
  const may = useMay();
  const form = useForm<Fields>({
    initialValues: initial,
    validate: (fields) => {
      const { pollMs, ...errors }: FormErrors = validateSpec(specOf(fields));
      return pollMs === undefined ? errors : { ...errors, poll: "From 5s to 24h, e.g. 60s or 5m" };
    },
  });
  const secrets = useQuery({ ...read("secrets.list", { limit: 500 }), enabled: may("secrets.list") }).data?.items ?? [];
  return (
    <SpecDialog {...dialog} form={form} specOf={specOf}>
      <TextInput
        label="Name"
        description="Lower-case letters, digits and -"
        data-autofocus
        spellCheck={false}
        {...form.getInputProps("name")}
      />
      <TextInput
        label="URL"
        description="https://…, ssh://…, git@host:path or file:///…; never with a password inside"
        spellCheck={false}
        {...form.getInputProps("url")}
      />
      <FormPair>
        <TextInput label="Branch" spellCheck={false} {...form.getInputProps("branch")} />
        <TextInput label="Look for new commits every" description="e.g. 60s or 5m" {...form.getInputProps("poll")} />
      </FormPair>
      <Select
        label="Opens with"
        description="A secret for Git; none for a public repository"
        clearable
        data={secrets.filter((secret) => secret.kind.startsWith("git")).map((secret) => secret.name)}
        {...form.getInputProps("secret")}
        onChange={(value) => form.setFieldValue("secret", value ?? "")}
      />
    </SpecDialog>
  );
}
