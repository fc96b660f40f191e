/** Choosing a password by a one-time link: an invitation, a reset. And asking for such a link. */
import { PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { invoke } from "../../app/api.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { useFocusOnce } from "../../parts/use-focus-once.ts";
import { Door, Enter, field } from "./door.tsx";
import { SecondFactor, useSignInSteps } from "./second-factor.tsx";
import { useToken } from "./use-token.ts";
import classes from "./doors.module.css";

/** The two fields of a new password. */
function useNewPassword() {
  return useForm({
    initialValues: { password: "", again: "" },
    validate: {
      password: (value) => (value.length < 12 ? "12 characters at least; a few words are easiest to remember" : null),
      again: (value, values) => (value === values.password ? null : "Not the same as above"),
    },
  });
}

interface ChooseProps {
  act: { error: unknown; isPending: boolean; mutate: (password: string) => void };
  go: string;
}

function Choose({ act, go }: ChooseProps) {
  const first = useFocusOnce();
  const form = useNewPassword();
  return (
    <form className={classes["form"]} onSubmit={form.onSubmit(({ password }) => act.mutate(password))}>
      <PasswordInput
        {...field}
        ref={first}
        label="Password"
        description="12 characters of three kinds, or 16 of any."
        autoComplete="new-password"
        {...form.getInputProps("password")}
      />
      <PasswordInput {...field} label="Password again" autoComplete="new-password" {...form.getInputProps("again")} />
      <Enter act={act}>{go}</Enter>
    </form>
  );
}

const noToken = "This address has no token; open the whole link, with everything behind the #.";

export function InvitationPage() {
  const token = useToken();
  const steps = useSignInSteps();
  const accept = useMutation({
    mutationFn: (password: string) => invoke("people.acceptInvitation", { token: token ?? "", password }),
    onSuccess: steps.answered,
  });
  if (steps.challenge) return <SecondFactor challenge={steps.challenge} again={steps.again} />;
  return (
    <Door title="Welcome to Holdfast" says={token === undefined ? noToken : "Choose your password; nobody else knows it."}>
      {token !== undefined && <Choose act={accept} go="Keep it and sign in" />}
    </Door>
  );
}

export function ResetPage() {
  const token = useToken();
  const reset = useMutation({ mutationFn: (password: string) => invoke("people.redeemReset", { token: token ?? "", password }) });
  if (reset.isSuccess)
    return (
      <Door title="A new password" says="It is kept, and every session that was open has ended.">
        <LinkButton to="/sign-in" size="sm">
          To the sign-in
        </LinkButton>
      </Door>
    );
  return (
    <Door title="A new password" says={token === undefined ? noToken : "It counts from now on, and ends every session that is open."}>
      {token !== undefined && <Choose act={reset} go="Keep it" />}
    </Door>
  );
}

export function ForgotPage() {
  const first = useFocusOnce();
  const [who, setWho] = useState("");
  const ask = useMutation({ mutationFn: () => invoke("people.requestReset", { who }) });
  return (
    <Door
      title="Forgot your password?"
      says={ask.data?.say ?? "A link to set a new one goes to your mail address, when an administrator has given one."}
    >
      {!ask.isSuccess && (
        <form
          className={classes["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate();
          }}
        >
          <TextInput
            {...field}
            ref={first}
            label="Name or mail address"
            autoComplete="username"
            value={who}
            onChange={(event) => setWho(event.currentTarget.value)}
          />
          <Enter act={ask}>Send the link</Enter>
        </form>
      )}
      <p className={classes["foot"]}>
        <Link to="/sign-in">Back to the sign-in</Link>
      </p>
    </Door>
  );
}
