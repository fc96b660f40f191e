/** The first repository: where it is, and how it is opened where it is not public. */
import { Button, PasswordInput, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Repository } from "@holdfast/contract";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { viewProblem } from "../../../app/problem-view.ts";
import { read } from "../../../app/reads.ts";
import { CodeFold } from "../../../parts/code-lines.tsx";
import { FormPair } from "../../../parts/form-pair.tsx";
import { State } from "../../../parts/glyph.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { fieldErrors } from "../../../parts/place-errors.ts";
import { ProblemNotice } from "../../../parts/problem-notice.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import { Credential } from "./credential.tsx";
import classes from "./welcome.module.css";

export function RepositoryStep({ next }: { next: () => void }) {
  const repositories = useQuery(read("repositories.list", { limit: 20 }));
  return (
    <Loaded query={repositories} skeleton={<TextSkeleton lines={8} />}>
      {({ items }) => (items.length === 0 ? <Connect next={next} /> : <There repositories={items} next={next} />)}
    </Loaded>
  );
}

function There({ repositories, next }: { repositories: readonly Repository[]; next: () => void }) {
  const whole = repositories.every(({ problem }) => problem === undefined);
  return (
    <div className={classes["stack"]}>
      <h2>{whole ? "Connected" : "Connected, but not yet taken over"}</h2>
      <ul className={classes["stack"]}>
        {repositories.map((repository) => (
          <li key={repository.id} className={classes["stack"]}>
            <One repository={repository} />
          </li>
        ))}
      </ul>
      <div className={classes["end"]}>
        <Button variant={whole ? "filled" : "default"} onClick={next}>
          Go on
        </Button>
      </div>
    </div>
  );
}

function One({ repository: { id, name, problem, missingSecret: secret, headSubject } }: { repository: Repository }) {
  const sync = (): Promise<unknown> => invoke("repositories.sync", { id });
  return (
    <>
      <p>
        <State look={problem === undefined ? { tone: "ok", shape: "check", word: name } : { tone: "bad", shape: "alert", word: name }} />{" "}
        <span className="dim">{problem ?? headSubject ?? "being fetched"}</span>{" "}
        <Link to="/repositories/$repository" params={{ repository: id }}>
          Look
        </Link>
      </p>
      {secret !== undefined && (
        <>
          <p>Its devices sign in with “{secret}”. Store that, and the repository is taken over.</p>
          <Credential key={secret} name={secret} submit="Seal it and fetch again" then={sync} />
        </>
      )}
    </>
  );
}

interface Fields {
  name: string;
  url: string;
  branch: string;
  closed: boolean;
  username: string;
  token: string;
}

function Connect({ next }: { next: () => void }) {
  const queries = useQueryClient();
  const form = useForm<Fields>({
    initialValues: { name: "network", url: "", branch: "main", closed: false, username: "", token: "" },
    validate: {
      name: (value) => (/^[a-z0-9][a-z0-9-]{0,62}$/.test(value) ? null : "Lower-case letters, digits and dashes"),
      url: (value) => (value.trim() === "" ? "https://…, ssh://… or git@host:path" : null),
      username: (value, { closed }) => (closed && value.trim() === "" ? "Who opens it" : null),
      token: (value, { closed }) => (closed && value === "" ? "The token" : null),
    },
  });
  const connect = useMutation({
    mutationFn: connectWith,
    onSettled: () => queries.invalidateQueries(),
    onError: (thrown) => form.setErrors(fieldErrors(viewProblem(thrown).places, ["name", "url", "branch", "username", "token"])),
  });
  const { closed, name, url, branch } = form.getValues();
  return (
    <form className={classes["stack"]} noValidate onSubmit={form.onSubmit((fields) => connect.mutate(fields))}>
      <h2>The first repository</h2>
      <p className="dim">
        Git holds what the network should be. Holdfast reads it and never writes to it. Only looking? On a machine with this checkout{" "}
        <span className="mono">npm run demo</span> plays with a network of its own and touches nothing of yours.
      </p>
      <FormPair>
        <TextInput label="Name" spellCheck={false} {...form.getInputProps("name")} />
        <TextInput label="Branch" spellCheck={false} {...form.getInputProps("branch")} />
      </FormPair>
      <TextInput
        label="URL"
        description="https://…, ssh://…, git@host:path; no credentials inside"
        data-autofocus
        spellCheck={false}
        {...form.getInputProps("url")}
      />
      <Switch label="It is not public: open it with a user and a token" {...form.getInputProps("closed", { type: "checkbox" })} />
      {closed && (
        <FormPair>
          <TextInput label="User" autoComplete="off" spellCheck={false} {...form.getInputProps("username")} />
          <PasswordInput
            label="Token"
            description="Sealed at once; it never comes back out."
            autoComplete="new-password"
            {...form.getInputProps("token")}
          />
        </FormPair>
      )}
      {connect.error !== null && <ProblemNotice thrown={connect.error} />}
      <CodeFold lines={linesOf("repositories.create", { name, url, branch, ...(closed && { secret: secretOf(name) }) })} />
      <div className={classes["end"]}>
        <Button variant="subtle" onClick={next}>
          Not now
        </Button>
        <Button type="submit" loading={connect.isPending}>
          Connect it
        </Button>
      </div>
    </form>
  );
}

const secretOf = (name: string): string => `git/${name}`;

/** Seals how it is opened first; what is there already from a try before gets a new version. */
async function connectWith({ name, url, branch, closed, username, token }: Fields): Promise<Repository> {
  const secret = secretOf(name);
  const value = { kind: "git_https" as const, username: username.trim(), token };
  if (closed) {
    const known = (await invoke("secrets.list", { limit: 500 })).items.find((one) => one.name === secret);
    if (known) await invoke("secrets.replace", { id: known.id, value }, { ifMatch: known.etag });
    else await invoke("secrets.create", { name: secret, value });
  }
  return invoke("repositories.create", { name, url: url.trim(), branch, ...(closed && { secret }) });
}
