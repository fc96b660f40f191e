/** Asks somebody to prove who they are when the server wants that before an act; the act is then repeated by itself. */
import { Button, PasswordInput, Skeleton, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { FormDialogBody } from "../parts/form-dialog-body.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { invoke, type RouteInput } from "./api.ts";
import { provedChannel, rememberBegun } from "./begun.ts";
import { read } from "./reads.ts";

let under: Promise<boolean> | undefined;

/** True when it was proved. Asked once, however many calls wait for it. */
export function proveAgain(): Promise<boolean> {
  under ??= askOnce().finally(() => (under = undefined));
  return under;
}

function askOnce(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const id = modals.open({
    title: "Prove that it is you",
    size: 420,
    closeOnClickOutside: false,
    onClose: () => resolve(false),
    children: (
      <Prove
        proved={() => {
          resolve(true);
          modals.close(id);
        }}
      />
    ),
  });
  return promise;
}

function Prove({ proved }: { proved: () => void }) {
  const known = useQuery({ ...read("factors.stepUpWays", undefined), staleTime: 0 });
  const { ways = [], provider } = known.data ?? {};
  const [shown, setShown] = useState("");
  const prove = useMutation({ mutationFn: (proof: RouteInput<"factors.stepUp">) => invoke("factors.stepUp", proof), onSuccess: proved });
  const passkey = useMutation({
    mutationFn: async () => {
      const { token, options } = await invoke("factors.stepUpOptions", undefined);
      const signed = await startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON });
      return invoke("factors.stepUp", { token, passkey: { ...signed } as never });
    },
    onSuccess: proved,
  });
  const proofOf = (text: string): RouteInput<"factors.stepUp"> => {
    if (ways.includes("password")) return { password: text };
    return /^\d{3}\s?\d{3}$/.test(text) ? { code: text } : { backupCode: text };
  };
  const typed = { value: shown, onChange: (event: React.ChangeEvent<HTMLInputElement>) => setShown(event.currentTarget.value) };
  return (
    <FormDialogBody problem={prove.error ?? passkey.error} onSubmit={() => prove.mutate(proofOf(shown.trim()))}>
      <p>This act would do harm in the wrong hands. What you show counts for ten minutes.</p>
      {known.data === undefined && known.error === null && <Skeleton height={34} />}
      {known.error !== null && <ProblemNotice thrown={known.error} retry={() => void known.refetch()} />}
      {known.data !== undefined && ways.length === 0 && (
        <p>You have nothing to prove it with: no password, no second factor. Ask an administrator for a link to set a password.</p>
      )}
      {ways.includes("password") && (
        <PasswordInput
          label={provider ? `Password at ${provider.name}` : "Password"}
          data-autofocus
          autoComplete="current-password"
          {...typed}
        />
      )}
      {(ways.includes("totp") || ways.includes("backup-code")) && (
        <TextInput label="Code of your authenticator app, or a backup code" data-autofocus autoComplete="one-time-code" {...typed} />
      )}
      {ways.some((way) => way !== "passkey" && way !== "provider") && (
        <Button type="submit" loading={prove.isPending}>
          Prove it
        </Button>
      )}
      {ways.includes("passkey") && (
        <Button variant="default" loading={passkey.isPending} onClick={() => passkey.mutate()}>
          Use a passkey
        </Button>
      )}
      {ways.includes("provider") && provider && <ProveThere name={provider.name} proved={proved} />}
    </FormDialogBody>
  );
}

/** In a window of its own, so that nothing that was typed here is lost; where none may be opened, in this one. */
function ProveThere({ name, proved }: { name: string; proved: () => void }) {
  useEffect(() => {
    const channel = new BroadcastChannel(provedChannel);
    channel.addEventListener("message", proved);
    return () => channel.close();
  }, [proved]);
  const leave = useMutation({
    mutationFn: async (beside: Window | null) => ({ beside, ...(await invoke("federation.startStepUp", undefined)) }),
    onSuccess: ({ beside, url }) => {
      rememberBegun({ purpose: "step-up", ...(beside === null && { next: location.pathname + location.search }) });
      if (beside === null) location.assign(url);
      else beside.location.assign(url);
    },
    onError: (_, beside) => beside?.close(),
  });
  return (
    <>
      {leave.error !== null && <ProblemNotice thrown={leave.error} />}
      <Button
        variant="default"
        loading={leave.isPending}
        onClick={() => leave.mutate(window.open("about:blank", "", "width=520,height=680"))}
      >
        Prove it at {name}
      </Button>
      {leave.isSuccess && <output className="dim">Go on in the other window; this one goes on by itself.</output>}
    </>
  );
}
