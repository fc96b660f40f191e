/** Enrolling a second factor: an authenticator app by a QR code, or a passkey; then the backup codes, once. */
import { Button, TextInput } from "@mantine/core";
import { startRegistration, type PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/browser";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { invoke, type RouteOutput } from "../app/api.ts";
import { Copy } from "./copy.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import { Qr } from "./qr.tsx";
import classes from "./enrol-factor.module.css";

export type Enrolled = RouteOutput<"factors.confirmTotp">;

export function EnrolApp({ done }: { done: (enrolled: Enrolled) => void }) {
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: () => invoke("factors.beginTotp", undefined) });
  const { mutate } = begin;
  const begun = useRef(false);
  useEffect(() => {
    // Each beginning makes a new seed, so there is one for each time this is opened.
    if (!begun.current) mutate();
    begun.current = true;
  }, [mutate]);
  const confirm = useMutation({ mutationFn: () => invoke("factors.confirmTotp", { code }), onSuccess: done });
  if (begin.error !== null) return <ProblemNotice thrown={begin.error} retry={() => begin.mutate()} />;
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      {begin.data && (
        <>
          <Qr text={begin.data.uri} label="QR code for your authenticator app" />
          <p className="dim">
            Read it with the app, or type <span className="mono">{begin.data.secret}</span>{" "}
            <Copy text={begin.data.secret} what="key for the app" />
          </p>
        </>
      )}
      <TextInput
        size="sm"
        required
        withAsterisk={false}
        label="Code that the app shows"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Go act={confirm}>Enrol the app</Go>
    </form>
  );
}

export function EnrolPasskey({ done }: { done: (enrolled: Enrolled) => void }) {
  const [name, setName] = useState("");
  const enrol = useMutation({
    mutationFn: async () => {
      const { token, options } = await invoke("factors.beginPasskey", undefined);
      const passkey = await startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON });
      return invoke("factors.addPasskey", { token, name, passkey: { ...passkey } as never });
    },
    onSuccess: done,
  });
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        enrol.mutate();
      }}
    >
      <TextInput
        size="sm"
        required
        withAsterisk={false}
        label="Name of the passkey"
        description="So that you know it again, e.g. blue key."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Go act={enrol}>Enrol a passkey</Go>
    </form>
  );
}

/** The only time they are shown. */
export function BackupCodes({ codes, close }: { codes: readonly string[]; close: () => void }) {
  return (
    <div className={classes["once"]}>
      <p>
        <strong>Keep these where your phone is not.</strong> Each lets you in once. They are shown this once.
      </p>
      <div className={classes["key"]}>
        <ul className={`mono ${classes["codes"] ?? ""}`}>
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Copy text={codes.join("\n")} what="backup codes" />
      </div>
      <div className={classes["end"]}>
        <Button onClick={close}>I have kept them</Button>
      </div>
    </div>
  );
}

function Go({ act, children }: { act: { error: unknown; isPending: boolean }; children: string }) {
  return (
    <>
      {act.error !== null && <ProblemNotice thrown={act.error} />}
      <Button size="sm" type="submit" loading={act.isPending} fullWidth>
        {children}
      </Button>
    </>
  );
}
