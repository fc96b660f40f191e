/** The inside of a small dialog that asks one thing. */
import type { ReactNode } from "react";
import { ProblemNotice } from "./problem-notice.tsx";
import classes from "./form-dialog.module.css";

export function FormDialogBody({ problem, onSubmit, children }: { problem: unknown; onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {problem !== null && problem !== undefined && <ProblemNotice thrown={problem} />}
    </form>
  );
}
