/** A second factor for the administrator; it can be left out. */
import { Button, SegmentedControl } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { read } from "../../../app/reads.ts";
import { BackupCodes, EnrolApp, EnrolPasskey, type Enrolled } from "../../../parts/enrol-factor.tsx";
import { State } from "../../../parts/glyph.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import classes from "./welcome.module.css";

export function FactorStep({ next }: { next: () => void }) {
  const own = useQuery(read("factors.own", undefined));
  const queries = useQueryClient();
  const [how, setHow] = useState<"app" | "passkey">("app");
  const [codes, setCodes] = useState<readonly string[]>();
  const done = ({ backupCodes }: Enrolled): void => {
    setCodes(backupCodes);
    void queries.invalidateQueries();
  };
  if (codes !== undefined) return <BackupCodes codes={codes} close={next} />;
  return (
    <Loaded query={own} skeleton={<TextSkeleton lines={8} />}>
      {({ totp, passkeys, passkeysPossible }) =>
        totp !== undefined || passkeys.length > 0 ? (
          <div className={classes["stack"]}>
            <h2>You have a second factor</h2>
            <State look={{ tone: "ok", shape: "check", word: totp ? "an authenticator app" : "a passkey" }} />
            <div className={classes["end"]}>
              <Button onClick={next}>Go on</Button>
            </div>
          </div>
        ) : (
          <div className={classes["stack"]}>
            <h2>A second factor</h2>
            <p className="dim">
              You may do everything here; a stolen password alone should not. An authenticator app on your phone will do, or a passkey.
            </p>
            <SegmentedControl
              aria-label="Which second factor"
              data={[
                { value: "app", label: "Authenticator app" },
                { value: "passkey", label: "Passkey", disabled: !passkeysPossible },
              ]}
              value={how}
              onChange={(value) => setHow(value as typeof how)}
            />
            {!passkeysPossible && <p className="dim">Passkeys need a name: this server is reached by an address.</p>}
            {how === "app" ? <EnrolApp done={done} /> : <EnrolPasskey done={done} />}
            <div className={classes["end"]}>
              <Button variant="subtle" onClick={next}>
                Not now
              </Button>
            </div>
          </div>
        )
      }
    </Loaded>
  );
}
