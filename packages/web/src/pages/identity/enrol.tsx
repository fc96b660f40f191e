/** A second factor before anything else: for whoever has a role that needs one. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { invoke } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { meRead } from "../../app/session.ts";
import { BackupCodes, EnrolApp, EnrolPasskey, type Enrolled } from "../../parts/enrol-factor.tsx";
import { Door, useEnter } from "./door.tsx";
import door from "./doors.module.css";

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
