/** Comparing the host key that a device shows with the one that is pinned, or with its console; and pinning it. */
import { Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { read } from "../../app/reads.ts";
import { useMe, whyNot } from "../../app/session.ts";
import { Copy } from "../../parts/copy.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { State } from "../../parts/glyph.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { TextSkeleton } from "../../parts/skeletons.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { differenceOf } from "./fingerprint.ts";
import classes from "./devices.module.css";

type Scan = RouteOutput<"devices.hostKey">;
const route = getRouteApi("/shell/devices/$device/host-key");

export function HostKey() {
  const { device: name } = route.useParams();
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const close = (): void => void navigate({ to: "/devices/$device", params: { device: name } });
  // Asked of the device each time this opens; an old answer proves nothing.
  const scan = useQuery({ ...read("devices.hostKey", { id: name }), staleTime: 0, gcTime: 0, retry: false, refetchOnWindowFocus: false });
  const input = { id: name, fingerprint: scan.data?.fingerprint ?? "", reason };
  const trust = useMutation({
    mutationFn: () => invoke("devices.trustHostKey", input),
    onSuccess: async () => {
      sayDone(`The host key of ${name} is pinned.`);
      await queries.invalidateQueries();
      close();
    },
  });
  const same = scan.data !== undefined && typed.trim() === scan.data.fingerprint;
  return (
    <FormDialog
      title={`Host key of ${name}`}
      submit={scan.data?.pinned === undefined ? "Pin this key" : "Pin this key instead"}
      onClose={close}
      onSubmit={(event) => {
        event.preventDefault();
        if (same && reason.trim().length >= 3) trust.mutate();
      }}
      pending={trust.isPending}
      problem={trust.error}
      blocked={blockage(scan.data, { same, reason, why: whyNot(me, "devices.trustHostKey") })}
      {...(scan.data && {
        lines: linesOf("devices.trustHostKey", input),
      })}
    >
      {scan.error !== null && <ProblemNotice thrown={scan.error} retry={() => void scan.refetch()} />}
      {scan.isPending && <TextSkeleton lines={3} />}
      {scan.data && (
        <>
          <Fingerprints scan={scan.data} />
          {!scan.data.matches && (
            <>
              <p>
                Read the fingerprint on the device itself, over its console or a way you trust, and paste it here. On IOS:{" "}
                <span className="mono">show ip ssh</span>; on Linux:{" "}
                <span className="mono">ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</span>.
              </p>
              <TextInput
                label="Fingerprint as the device's console shows it"
                placeholder="SHA256:…"
                spellCheck={false}
                data-autofocus
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
                error={typed !== "" && !same ? "Not the key that the device showed just now." : undefined}
                styles={{ input: { fontFamily: "var(--mono)" } }}
              />
              <Textarea
                label="Reason"
                description="Kept in the audit trail."
                autosize
                minRows={2}
                maxLength={500}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            </>
          )}
        </>
      )}
    </FormDialog>
  );
}

function blockage(
  scan: Scan | undefined,
  { same, reason, why }: { same: boolean; reason: string; why: string | undefined },
): string | undefined {
  if (why !== undefined) return why;
  if (scan === undefined) return "The device has not shown its key yet.";
  if (scan.matches) return "The key is pinned already; nothing to do.";
  if (!same) return "Compare first: paste the fingerprint from the device's console.";
  return reason.trim().length < 3 ? "Give a reason." : undefined;
}

function Fingerprints({ scan }: { scan: Scan }) {
  const { pinned, fingerprint, matches } = scan;
  return (
    <div className={classes["fingerprints"]}>
      {matches ? (
        <State look={{ tone: "ok", shape: "check", word: "The device shows the key that is pinned." }} />
      ) : pinned === undefined ? (
        <State look={{ tone: "warn", shape: "question", word: "No key is pinned yet. This one was shown just now:" }} />
      ) : (
        <State
          look={{ tone: "bad", shape: "diamond", word: "The device shows another key than the pinned one. Somebody may be in between." }}
        />
      )}
      {pinned !== undefined && !matches && (
        <>
          <span className="dim">Pinned</span>
          <code className={classes["fingerprint"]}>{pinned}</code>
        </>
      )}
      <span className="dim">Shown just now</span>
      <code className={classes["fingerprint"]}>
        {differenceOf(pinned ?? fingerprint, fingerprint).map((part) =>
          part.differs ? <mark key={part.at}>{part.text}</mark> : <span key={part.at}>{part.text}</span>,
        )}{" "}
        <Copy text={fingerprint} what="fingerprint" />
      </code>
    </div>
  );
}
