/** Asks somebody to prove who they are when the server wants that before an act; the act is then repeated by itself. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialogBody } from "../parts/form-dialog-body.tsx";
import { invoke, type RouteInput } from "./api.ts";
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
  const ways = useQuery({ ...read("factors.stepUpWays", undefined), staleTime: 0 }).data?.ways ?? [];
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
      {ways.includes("password") && <PasswordInput label="Password" data-autofocus autoComplete="current-password" {...typed} />}
      {(ways.includes("totp") || ways.includes("backup-code")) && (
        <TextInput label="Code of your authenticator app, or a backup code" data-autofocus autoComplete="one-time-code" {...typed} />
      )}
      {ways.some((way) => way !== "passkey") && (
        <Button type="submit" loading={prove.isPending}>
          Prove it
        </Button>
      )}
      {ways.includes("passkey") && (
        <Button variant="default" loading={passkey.isPending} onClick={() => passkey.mutate()}>
          Use a passkey
        </Button>
      )}
    </FormDialogBody>
  );
}
