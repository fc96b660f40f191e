/** The ways in: name and password, the one-time setup link, the one-time sign-in link. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { invoke } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { firstRun, ProgressLine } from "../../parts/progress-line.tsx";
import { useFocusOnce } from "../../parts/use-focus-once.ts";
import { Door, Enter, field, name, useEnter } from "./door.tsx";
import { ProviderDoors } from "./provider-doors.tsx";
import { SecondFactor, useSignInSteps } from "./second-factor.tsx";
import { useToken } from "./use-token.ts";
import classes from "./doors.module.css";

const signInRoute = getRouteApi("/sign-in");

export function SignInPage() {
  const first = useFocusOnce();
  const { next } = signInRoute.useSearch();
  const steps = useSignInSteps(next);
  const setup = useQuery(read("identity.setupState", undefined));
  const form = useForm({ initialValues: { name: "", password: "" } });
  const signIn = useMutation({
    mutationFn: (values: { name: string; password: string }) => invoke("identity.signIn", values),
    onSuccess: steps.answered,
  });
  const byPasskey = useMutation({
    mutationFn: async () => {
      const { token, options } = await invoke("factors.passkeyOptions", undefined);
      const passkey = await startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON });
      return invoke("factors.signInByPasskey", { token, passkey: { ...passkey } as never });
    },
    onSuccess: steps.answered,
  });
  if (steps.challenge) return <SecondFactor challenge={steps.challenge} next={next} again={steps.again} />;
  return (
    <Door title="Sign in">
      {setup.data?.needed === true && (
        <p className={classes["hint"]}>
          Nobody can sign in yet: the first administrator is still to be made. <Link to="/setup">Set Holdfast up</Link>
        </p>
      )}
      <form className={classes["form"]} onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
        <TextInput {...name} ref={first} {...form.getInputProps("name")} />
        <PasswordInput {...field} label="Password" autoComplete="current-password" {...form.getInputProps("password")} />
        <Enter act={signIn}>Sign in</Enter>
      </form>
      {byPasskey.error !== null && <ProblemNotice thrown={byPasskey.error} />}
      <Button size="sm" variant="default" fullWidth mt={10} loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
        Use a passkey
      </Button>
      <ProviderDoors next={next} answered={steps.answered} />
      <p className={classes["foot"]}>
        <Link to="/forgot">Forgot your password?</Link>
      </p>
      <p className={classes["foot"]}>
        No password at hand? On the server, <span className="mono">npm run -s admin -- sign-in-link NAME</span> prints a one-time link.
      </p>
    </Door>
  );
}

export function SetupPage() {
  const first = useFocusOnce();
  const token = useToken();
  const enter = useEnter();
  const setup = useQuery(read("identity.setupState", undefined));
  const form = useForm({
    initialValues: { name: "", password: "", again: "" },
    validate: {
      password: (value) => (value.length < 12 ? "12 characters at least; a few words are easiest to remember" : null),
      again: (value, values) => (value === values.password ? null : "Not the same as above"),
    },
  });
  const make = useMutation({
    mutationFn: ({ name, password }: { name: string; password: string }) =>
      invoke("identity.setup", { token: token ?? "", name, password }),
    onSuccess: (me) => enter(me, "/welcome"),
  });
  if (setup.data?.needed === false)
    return (
      <Door title="Already set up" says="The first administrator was made before; a setup link works only once.">
        <LinkButton to="/sign-in" size="sm">
          To the sign-in
        </LinkButton>
      </Door>
    );
  if (token === undefined)
    return (
      <Door
        title="Welcome to Holdfast"
        says="The first administrator is made with a one-time link, so that nobody who merely finds this page can take it over."
      >
        <p>
          The server printed the link when it started. It begins with <span className="mono">{location.origin}/setup#token=</span>. Open
          that one.
        </p>
      </Door>
    );
  return (
    <Door title="Welcome to Holdfast" says="Make the first administrator. Everybody else is added later, under People.">
      <ProgressLine current="administrator" steps={firstRun.map((step) => ({ ...step, done: false, open: false }))} />
      <form className={classes["form"]} onSubmit={form.onSubmit((values) => make.mutate(values))}>
        <TextInput {...name} description="What you sign in with." ref={first} {...form.getInputProps("name")} />
        <PasswordInput
          {...field}
          label="Password"
          description="12 characters at least."
          autoComplete="new-password"
          {...form.getInputProps("password")}
        />
        <PasswordInput {...field} label="Password again" autoComplete="new-password" {...form.getInputProps("again")} />
        <Enter act={make}>Make the administrator and sign in</Enter>
      </form>
    </Door>
  );
}

export function LinkPage() {
  const token = useToken();
  const steps = useSignInSteps();
  const redeem = useMutation({
    mutationFn: (value: string) => invoke("identity.redeemLink", { token: value }),
    onSuccess: steps.answered,
  });
  const { mutate } = redeem;
  const begun = useRef<string>(undefined);
  useEffect(() => {
    // A link is used once, however often this page is drawn.
    if (token === undefined || begun.current === token) return;
    begun.current = token;
    mutate(token);
  }, [token, mutate]);
  if (steps.challenge) return <SecondFactor challenge={steps.challenge} again={steps.again} />;
  return (
    <Door
      title="Signing in"
      says={
        token === undefined
          ? "This address has no token; open the whole link, with everything behind the #."
          : "One moment: the one-time link is being used."
      }
    >
      {redeem.isError && (
        <>
          <ProblemNotice thrown={redeem.error} />
          <p className={classes["foot"]}>
            <Link to="/sign-in">Sign in with name and password</Link>
          </p>
        </>
      )}
    </Door>
  );
}
