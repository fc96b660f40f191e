/** The second step of a sign-in: a code, a passkey, or a backup code. */
import { Button, TextInput } from "@mantine/core";
import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Challenged } from "@holdfast/contract";
import { invoke, type RouteInput, type RouteOutput } from "../../app/api.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useFocusOnce } from "../../parts/use-focus-once.ts";
import { Door, Enter, field, useEnter } from "./door.tsx";
import classes from "./doors.module.css";

type Challenge = Challenged["challenge"];
type Answer = RouteOutput<"identity.signIn">;

/** Goes in when the answer is a session, and shows the second step when it is not. */
export function useSignInSteps(next?: string) {
  const enter = useEnter();
  const [challenge, setChallenge] = useState<Challenge>();
  return {
    challenge,
    again: () => setChallenge(undefined),
    answered: (answer: Answer) => ("challenge" in answer ? setChallenge(answer.challenge) : enter(answer, next)),
  };
}

interface SecondFactorProps {
  challenge: Challenge;
  next?: string | undefined;
  again: () => void;
}

export function SecondFactor({ challenge, next, again }: SecondFactorProps) {
  const { token, methods } = challenge;
  const first = useFocusOnce();
  const enter = useEnter();
  const [backup, setBackup] = useState(!methods.includes("totp") && !methods.includes("passkey"));
  const [code, setCode] = useState("");
  const show = useMutation({
    mutationFn: (proof: Omit<RouteInput<"factors.secondFactor">, "token">) => invoke("factors.secondFactor", { token, ...proof }),
    onSuccess: (me) => enter(me, next),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const { options } = await invoke("factors.secondFactorOptions", { token });
      const signed = await startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON });
      return invoke("factors.secondFactor", { token, passkey: { ...signed } as never });
    },
    onSuccess: (me) => enter(me, next),
  });
  const typed = backup || methods.includes("totp");
  return (
    <Door title="Second factor" says={backup ? "Each backup code counts once." : "Show that it is you."}>
      {typed && (
        <form
          className={classes["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            show.mutate(backup ? { backupCode: code } : { code });
          }}
        >
          <TextInput
            {...field}
            ref={first}
            label={backup ? "Backup code" : "Code of your authenticator app"}
            autoComplete="one-time-code"
            inputMode={backup ? "text" : "numeric"}
            spellCheck={false}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Enter act={show}>Go on</Enter>
        </form>
      )}
      {passkey.error !== null && <ProblemNotice thrown={passkey.error} />}
      {methods.includes("passkey") && (
        <Button
          size="sm"
          variant={typed ? "default" : "filled"}
          fullWidth
          mt={10}
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          Use a passkey
        </Button>
      )}
      <p className={classes["foot"]}>
        {methods.includes("backup-code") && !backup && (
          <Button variant="subtle" size="compact-sm" onClick={() => setBackup(true)}>
            Use a backup code
          </Button>
        )}
        <Button variant="subtle" size="compact-sm" onClick={again}>
          Begin again
        </Button>
      </p>
    </Door>
  );
}
