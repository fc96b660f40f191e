/** A form with its own URL, over the view it belongs to. */
import type { Lines } from "../app/as-code.ts";
import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { CodeFold } from "./code-lines.tsx";
import { ProblemNotice } from "./problem-notice.tsx";
import classes from "./form-dialog.module.css";

interface FormDialogProps {
  title: string;
  onClose: () => void;
  onSubmit: React.FormEventHandler<HTMLFormElement>;
  /** What the button does, as a verb. */
  submit: string;
  pending: boolean;
  problem: unknown;
  lines?: Lines;
  width?: number;
  blocked?: string | undefined;
  children: ReactNode;
}

export function FormDialog({ title, onClose, onSubmit, submit, pending, problem, lines, width = 560, blocked, children }: FormDialogProps) {
  return (
    <Modal opened onClose={onClose} title={title} size={width} closeOnClickOutside={false} closeButtonProps={{ "aria-label": "Close" }}>
      <form className={classes["form"]} onSubmit={onSubmit} noValidate>
        {children}
        {problem !== null && problem !== undefined && <ProblemNotice thrown={problem} />}
        {lines && <CodeFold lines={lines} />}
        {blocked !== undefined && <p className={classes["blocked"]}>{blocked}</p>}
        <div className={classes["buttons"]}>
          {/* A field that asks for the focus stands before this and gets it; where there is none, the way out does. */}
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button type="submit" loading={pending} disabled={blocked !== undefined}>
            {submit}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
