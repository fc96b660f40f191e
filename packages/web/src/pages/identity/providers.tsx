/** Signing in elsewhere: a button for each identity provider, and the page that it sends people back to. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Door, Enter, field, name } from "./door.tsx";
import { SecondFactor, useSignInSteps } from "./second-factor.tsx";
import classes from "./doors.module.css";

type Answer = RouteOutput<"federation.finish">;
/** Where the person wanted to go, kept while they are away. */
const nextKey = "holdfast.next";

export function ProviderDoors({ next, answered }: { next: string | undefined; answered: (answer: Answer) => unknown }) {
  const doors = useQuery(read("federation.doors", undefined));
  const [directory, setDirectory] = useState<string>();
  const leave = useMutation({
    mutationFn: (id: string) => invoke("federation.start", { id }),
    onSuccess: ({ url }) => {
      sessionStorage.setItem(nextKey, next ?? "");
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
      <PasswordInput {...field} label={`Password at ${title}`} autoComplete="off" {...form.getInputProps("password")} />
      <Enter act={signIn}>Sign in at {title}</Enter>
    </form>
  );
}

const backRoute = getRouteApi("/sign-in/callback/$provider");

export function ProviderBackPage() {
  const { provider } = backRoute.useParams();
  const [next] = useState(() => sessionStorage.getItem(nextKey) || undefined);
  const steps = useSignInSteps(next);
  const finish = useMutation({
    mutationFn: (query: string) => invoke("federation.finish", { provider, query }),
    onSuccess: steps.answered,
  });
  const { mutate } = finish;
  const begun = useRef(false);
  useEffect(() => {
    // An answer counts once, however often this page is drawn, and it stays in no history.
    if (begun.current) return;
    begun.current = true;
    const query = location.search.slice(1);
    sessionStorage.removeItem(nextKey);
    history.replaceState(history.state, "", location.pathname);
    mutate(query);
  }, [mutate]);
  if (steps.challenge) return <SecondFactor challenge={steps.challenge} next={next} again={steps.again} />;
  return (
    <Door title="Signing in" says={finish.error === null ? "One moment." : undefined}>
      {finish.error !== null && (
        <>
          <ProblemNotice thrown={finish.error} />
          <LinkButton to="/sign-in" size="sm">
            To the sign-in
          </LinkButton>
        </>
      )}
    </Door>
  );
}
