/** Changing what somebody may do: roles and where each counts, with what that allows before it is given. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { User } from "@holdfast/contract";
import { grantLine } from "../../../app/access-lines.ts";
import { invoke } from "../../../app/api.ts";
import { linesOf } from "../../../app/as-code.ts";
import { read } from "../../../app/reads.ts";
import { FormDialog } from "../../../parts/form-dialog.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { sayDone } from "../../../parts/run-act.tsx";
import { draftsOf, draftsProblem, grantsOf } from "../access/draft-grants.ts";
import { GrantsEditor } from "../access/grants-editor.tsx";

const personRoute = getRouteApi("/shell/settings/people/$person/access");
const machineRoute = getRouteApi("/shell/settings/machines/$account/access");

export function PersonAccess() {
  const { person } = personRoute.useParams();
  const navigate = useNavigate();
  return <Access id={person} close={() => void navigate({ to: "/settings/people/$person", params: { person } })} />;
}

export function MachineAccess() {
  const { account } = machineRoute.useParams();
  const navigate = useNavigate();
  return <Access id={account} close={() => void navigate({ to: "/settings/machines/$account", params: { account } })} />;
}

function Access({ id, close }: { id: string; close: () => void }) {
  const user = useQuery(read("people.get", { id }));
  return (
    <Loaded query={user} skeleton={null}>
      {(found) => <AccessForm user={found} close={close} />}
    </Loaded>
  );
}

function AccessForm({ user, close }: { user: User; close: () => void }) {
  const queries = useQueryClient();
  // What was read when the form was opened: its ETag holds the change to it.
  const [{ id, name, etag, grants: before }] = useState(user);
  const [drafts, setDrafts] = useState(() => draftsOf(before));
  const grants = grantsOf(drafts);
  const save = useMutation({
    mutationFn: () => invoke("identity.updateUser", { id, grants }, { ifMatch: etag }),
    onSuccess: () => {
      sayDone(`What ${name} may do is changed; it counts within five seconds.`);
      close();
    },
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <FormDialog
      title={`What ${name} may do`}
      submit="Save"
      width={720}
      onClose={close}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
      pending={save.isPending}
      problem={save.error}
      blocked={draftsProblem(drafts)}
      lines={{ ...linesOf("identity.updateUser", { id, grants }, { ifMatch: etag }), command: grantLine(name, before, grants) }}
    >
      <p className="dim">
        Roles add up. A role that counts only for some labels reaches only what carries them; pages and acts without labels (people,
        secrets, settings) need a role that counts everywhere.
      </p>
      <GrantsEditor drafts={drafts} onDrafts={setDrafts} />
    </FormDialog>
  );
}
