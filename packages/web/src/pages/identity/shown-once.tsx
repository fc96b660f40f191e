/** Something that is shown this once, and can be copied. */
import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { Copy } from "../../parts/copy.tsx";
import classes from "./settings.module.css";

interface ShownOnceProps {
  title: string;
  /** What it is, e.g. `key`. */
  what: string;
  text: string;
  /** What to do with it. */
  children: ReactNode;
  close: () => void;
}

export function ShownOnce({ title, what, text, children, close }: ShownOnceProps) {
  return (
    <Modal opened onClose={close} title={title} size={560} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false}>
      <div className={classes["once"]}>
        <p>
          <strong>This is the only time it is shown.</strong> Holdfast keeps a hash of it and cannot show it again.
        </p>
        <div className={classes["key"]}>
          <code className="mono" style={{ flex: 1 }}>
            {text}
          </code>
          <Copy text={text} what={what} />
        </div>
        <div className="dim">{children}</div>
        <div className={classes["end"]}>
          <Button onClick={close} data-autofocus>
            I have kept it
          </Button>
        </div>
      </div>
    </Modal>
  );
}
