/** Enrolling a second factor: an authenticator app by a QR code, or a passkey; then the backup codes, once. */
import { Button, TextInput } from "@mantine/core";
import { startRegistration, type PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/browser";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { meRead } from "../../app/session.ts";
import { Copy } from "../../parts/copy.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Qr } from "../../parts/qr.tsx";
import { Door, Enter, field, useEnter } from "./door.tsx";
import door from "./doors.module.css";
import classes from "./settings.module.css";

type Enrolled = RouteOutput<"factors.confirmTotp">;

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
      className={door["form"]}
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
        {...field}
        label="Code that the app shows"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Enter act={confirm}>Enrol the app</Enter>
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
      className={door["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        enrol.mutate();
      }}
    >
      <TextInput
        {...field}
        label="Name of the passkey"
        description="So that you know it again, e.g. blue key."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Enter act={enrol}>Enrol a passkey</Enter>
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

/** For whoever has to have a second factor before anything else is open. */
export function EnrolPage() {
  const enter = useEnter();
  const queries = useQueryClient();
  const own = useQuery(read("factors.own", undefined));
  const [codes, setCodes] = useState<string[]>();
  const go = async (): Promise<void> => {
    queries.removeQueries({ queryKey: meRead().queryKey });
    await enter(await invoke("identity.me", undefined));
  };
  const done = ({ backupCodes }: Enrolled): void => (backupCodes ? setCodes(backupCodes) : void go());
  if (codes) return <Door title="Backup codes">{<BackupCodes codes={codes} close={() => void go()} />}</Door>;
  return (
    <Door title="A second factor first" says="Your role needs one beside the password. Until it is enrolled nothing else is open.">
      <EnrolApp done={done} />
      {own.data?.passkeysPossible === true && (
        <>
          <p className={door["foot"]}>Or a passkey: a security key, this computer, your phone.</p>
          <EnrolPasskey done={done} />
        </>
      )}
    </Door>
  );
}
