/** Signing in elsewhere: a button for each identity provider. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { rememberBegun } from "../../app/begun.ts";
import { read } from "../../app/reads.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Enter, field, name } from "./door.tsx";
import classes from "./doors.module.css";

type Answer = RouteOutput<"federation.finish">;

export function ProviderDoors({ next, answered }: { next: string | undefined; answered: (answer: Answer) => unknown }) {
  const doors = useQuery(read("federation.doors", undefined));
  const [directory, setDirectory] = useState<string>();
  const leave = useMutation({
    mutationFn: (id: string) => invoke("federation.start", { id }),
    onSuccess: ({ url }) => {
      rememberBegun({ purpose: "sign-in", next });
      location.assign(url);
    },
  });
  const items = doors.data?.items ?? [];
  return (
    <>
      {leave.error !== null && <ProblemNotice thrown={leave.error} />}
      {items.map((door) =>
        door.id === directory ? (
          <DirectoryForm key={door.id} id={door.id} title={door.name} answered={answered} />
        ) : (
          <Button
            key={door.id}
            size="sm"
            variant="default"
            fullWidth
            mt={10}
            loading={leave.isPending && leave.variables === door.id}
            onClick={() => (door.kind === "ldap" ? setDirectory(door.id) : leave.mutate(door.id))}
          >
            Sign in at {door.name}
          </Button>
        ),
      )}
    </>
  );
}

function DirectoryForm({ id, title, answered }: { id: string; title: string; answered: (answer: Answer) => unknown }) {
  const form = useForm({ initialValues: { name: "", password: "" } });
  const signIn = useMutation({
    mutationFn: (values: { name: string; password: string }) => invoke("federation.signIn", { id, ...values }),
    onSuccess: answered,
  });
  return (
    <form className={classes["form"]} onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
      <TextInput {...name} label={`Name at ${title}`} {...form.getInputProps("name")} />
      <PasswordInput {...field} label={`Password at ${title}`} autoComplete="current-password" {...form.getInputProps("password")} />
      <Enter act={signIn}>Sign in at {title}</Enter>
    </form>
  );
}
