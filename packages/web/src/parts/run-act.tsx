/** Runs an act: asks first where it must, says how it went, and has everything on the screen read again. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Act, Confirm } from "../app/act.ts";
import { viewProblem } from "../app/problem-view.ts";
import { CodeFold } from "./code-lines.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import classes from "./run-act.module.css";

/** Says that something was done. */
export function sayDone(message: string): void {
  notifications.show({ message, color: "ink", withBorder: true });
}

/** Says that something failed; it stays until it is closed. */
export function sayProblem(thrown: unknown): void {
  const problem = viewProblem(thrown);
  notifications.show({
    title: problem.say,
    message: problem.requestId === undefined ? problem.code : `${problem.code} · request ${problem.requestId}`,
    color: "red",
    autoClose: false,
    withBorder: true,
  });
}

/** Gives a function that runs an act. */
export function useRunAct(): { run: (one: Act) => void; running: Act | undefined } {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: (one: Act) => one.run(),
    onSuccess: (said) => {
      if (said !== undefined) sayDone(said);
    },
    onError: sayProblem,
    onSettled: () => queries.invalidateQueries(),
  });
  return {
    run: (one) => {
      if (one.confirm === undefined) mutation.mutate(one);
      else askFirst(one, one.confirm);
    },
    running: mutation.isPending ? mutation.variables : undefined,
  };
}

function askFirst(one: Act, confirm: Confirm): void {
  const id = modals.open({
    title: confirm.title,
    size: 520,
    children: <Ask one={one} confirm={confirm} close={() => modals.close(id)} />,
  });
}

function Ask({ one, confirm, close }: { one: Act; confirm: Confirm; close: () => void }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const mutation = useMutation({
    mutationFn: () => one.run(reason.trim()),
    onSuccess: (said) => {
      if (said !== undefined) sayDone(said);
      close();
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const ready = (confirm.typing === undefined || typed === confirm.typing) && (confirm.reason !== "needed" || reason.trim().length >= 3);
  return (
    <form
      className={classes["ask"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) mutation.mutate();
      }}
    >
      <div className={classes["says"]}>{confirm.says}</div>
      {confirm.reason !== undefined && (
        <Textarea
          label={confirm.reason === "needed" ? "Reason" : "Reason (optional)"}
          description="Kept in the audit trail."
          autosize
          minRows={2}
          maxLength={500}
          required={confirm.reason === "needed"}
          withAsterisk={false}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
      {confirm.typing !== undefined && (
        <TextInput
          label={
            <>
              Type <span className="mono">{confirm.typing}</span> to go on
            </>
          }
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      {mutation.isError && <ProblemNotice thrown={mutation.error} />}
      <CodeFold lines={one.lines(reason.trim())} />
      <div className={classes["buttons"]}>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
        <Button
          type="submit"
          color={one.tone === "danger" ? "red" : "ink"}
          disabled={!ready}
          loading={mutation.isPending}
          data-autofocus={confirm.reason === undefined && confirm.typing === undefined ? true : undefined}
        >
          {one.label}
        </Button>
      </div>
    </form>
  );
}
