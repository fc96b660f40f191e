/** Creating an API key of one's own. */
import { useNavigate } from "@tanstack/react-router";
import { invoke } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { useMe } from "../../app/session.ts";
import { KeyForm } from "./key-form.tsx";

export function NewKey() {
  const me = useMe();
  const navigate = useNavigate();
  return (
    <KeyForm
      title="Create an API key"
      permissions={(me?.permissions ?? []).filter((permission) => permission !== "public" && permission !== "self")}
      all="all that you may, now and later"
      make={(input) => invoke("identity.createKey", input)}
      lines={(input) => linesOf("identity.createKey", input)}
      close={() => void navigate({ to: "/settings/keys" })}
    />
  );
}
