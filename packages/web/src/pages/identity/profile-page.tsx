/** One's own second factors, backup codes and password. */
import { Button, Modal, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { IconTrash } from "@tabler/icons-react";
import { act } from "../../app/act.ts";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { answerOf, Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { ActsCell, Table, type Heading } from "../../parts/table.tsx";
import { When } from "../../parts/when.tsx";
import { BackupCodes, EnrolApp, EnrolPasskey } from "../../parts/enrol-factor.tsx";
import { OwnElsewhere } from "./own-elsewhere.tsx";
import { OwnFacts } from "./own-facts.tsx";
import classes from "./settings.module.css";

type Own = RouteOutput<"factors.own">;
type Open = "app" | "passkey" | "password" | undefined;

const head: Heading[] = [{ label: "What" }, { label: "Since" }, { label: "Last used" }];

export function ProfilePage() {
  const own = useQuery(read("factors.own", undefined));
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const [codes, setCodes] = useState<readonly string[]>();
  const done = ({ backupCodes }: { backupCodes?: string[] | undefined }): void => {
    setOpen(undefined);
    setCodes(backupCodes);
    sayDone("The second factor is enrolled.");
    void queries.invalidateQueries();
  };
  return (
    <Page title="Your profile" say={answerOf(own, answer)}>
      <Loaded query={own} skeleton={<RowsSkeleton rows={3} />}>
        {(mine) => (
          <>
            <Factors own={mine} open={setOpen} made={setCodes} />
            <Panel
              title="Password"
              id="password"
              beside={
                <Button variant="default" onClick={() => setOpen("password")}>
                  Change the password
                </Button>
              }
            >
              <p className="dim">{mine.hasPassword ? "A change ends your other sessions." : "You have none; you sign in another way."}</p>
            </Panel>
            <OwnElsewhere />
            <OwnFacts />
            {open === "password" && <ChangePassword has={mine.hasPassword} close={() => setOpen(undefined)} />}
          </>
        )}
      </Loaded>
      <Modal
        opened={open === "app"}
        onClose={() => setOpen(undefined)}
        title="Enrol an authenticator app"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <EnrolApp done={done} />
      </Modal>
      <Modal
        opened={open === "passkey"}
        onClose={() => setOpen(undefined)}
        title="Enrol a passkey"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <EnrolPasskey done={done} />
      </Modal>
      <Modal
        opened={codes !== undefined}
        onClose={() => setCodes(undefined)}
        title="Backup codes"
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        {codes && <BackupCodes codes={codes} close={() => setCodes(undefined)} />}
      </Modal>
    </Page>
  );
}

function answer({ totp, passkeys, backupCodes, needed }: Own): string {
  const count = (totp ? 1 : 0) + passkeys.length;
  if (count === 0)
    return needed
      ? "Your role needs a second factor, and you have none."
      : "You sign in with one factor; a second one keeps a stolen password out.";
  const left = backupCodes.low ? `; only ${plural(backupCodes.left, "backup code")} left, make new ones` : "";
  return `You have ${plural(count, "second factor")}${left}.`;
}

interface FactorsProps {
  own: Own;
  open: (what: Open) => void;
  made: (codes: readonly string[]) => void;
}

function Factors({ own, open, made }: FactorsProps) {
  const { totp, passkeys, backupCodes, passkeysPossible } = own;
  const any = totp !== undefined || passkeys.length > 0;
  const fresh = act({
    route: "factors.makeBackupCodes",
    input: undefined,
    label: "Make new backup codes",
    confirm: { title: "Make new backup codes", says: <p>The {backupCodes.left} that are left end. The new ones are shown once.</p> },
    done: ({ backupCodes: codes }) => {
      made(codes);
      return undefined;
    },
  });
  return (
    <Panel
      title="Second factors"
      id="factors"
      beside={
        <div className={classes["row"]}>
          <Button variant="default" onClick={() => open("app")}>
            {totp ? "Change the app" : "Enrol an app"}
          </Button>
          <Button variant="default" disabled={!passkeysPossible} onClick={() => open("passkey")}>
            Enrol a passkey
          </Button>
        </div>
      }
    >
      <div className={classes["factors"]}>
        {!passkeysPossible && <p className="dim">Passkeys need a name: this server is reached by an address.</p>}
        {!any && (
          <p className="dim">
            {passkeysPossible
              ? "None yet: an authenticator app on your phone, a security key, or this computer itself."
              : "None yet: an authenticator app on your phone will do."}
          </p>
        )}
        {any && (
          <Table label="Second factors" head={head} acts>
            {totp && <FactorRow id="totp" name="Authenticator app" since={totp.since} />}
            {passkeys.map((one) => (
              <FactorRow key={one.id} id={one.id} name={`Passkey “${one.name}”`} since={one.createdAt} used={one.lastUsedAt} />
            ))}
          </Table>
        )}
        {any && (
          <div className={classes["row"]}>
            <State
              look={
                backupCodes.low
                  ? { tone: "warn", shape: "alert", word: `${backupCodes.left} of ${backupCodes.of} backup codes left` }
                  : { tone: "ok", shape: "check", word: `${backupCodes.left} of ${backupCodes.of} backup codes left` }
              }
            />
            <ActButton one={fresh} size="compact-xs" />
          </div>
        )}
      </div>
    </Panel>
  );
}

function FactorRow({ id, name, since, used }: { id: string; name: string; since: string; used?: string | undefined }) {
  const remove = act({
    route: "factors.remove",
    input: { id },
    label: "Remove",
    icon: <IconTrash size={14} />,
    tone: "danger",
    confirm: { title: `Remove: ${name}`, says: <p>It proves nothing any more. With the last one your backup codes end, too.</p> },
    done: () => `${name} is removed.`,
  });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <When at={since} />
      </td>
      <td>{id === "totp" ? <span className="dim">not kept</span> : <When at={used} />}</td>
      <ActsCell>
        <ActButton one={remove} size="compact-xs" />
      </ActsCell>
    </tr>
  );
}

function ChangePassword({ has, close }: { has: boolean; close: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { current: "", password: "", again: "" },
    validate: {
      password: (value) => (value.length < 12 ? "12 characters at least; a few words are easiest to remember" : null),
      again: (value, values) => (value === values.password ? null : "Not the same as above"),
    },
  });
  const change = useMutation({
    mutationFn: ({ current, password }: { current: string; password: string }) =>
      invoke("factors.changePassword", { password, ...(has ? { current } : {}) }),
    onSuccess: async () => {
      sayDone("The password is changed; your other sessions have ended.");
      close();
      await queries.invalidateQueries();
    },
  });
  return (
    <FormDialog
      title="Change the password"
      submit="Change"
      onClose={close}
      onSubmit={form.onSubmit((values) => change.mutate(values))}
      pending={change.isPending}
      problem={change.error}
    >
      {has && <PasswordInput label="Current password" data-autofocus autoComplete="current-password" {...form.getInputProps("current")} />}
      <PasswordInput
        label="New password"
        description="12 characters of three kinds, or 16 of any."
        autoComplete="new-password"
        {...form.getInputProps("password")}
      />
      <PasswordInput label="New password again" autoComplete="new-password" {...form.getInputProps("again")} />
    </FormDialog>
  );
}
