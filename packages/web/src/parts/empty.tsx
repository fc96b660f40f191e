/** A list with nothing in it says why, and offers the one next act. */
import type { ReactNode } from "react";
import classes from "./empty.module.css";

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  act?: ReactNode;
}

export function Empty({ icon, title, children, act }: EmptyProps) {
  return (
    <div className={classes["empty"]}>
      <span className={classes["icon"]} aria-hidden="true">
        {icon}
      </span>
      <p className={classes["title"]}>{title}</p>
      {children !== undefined && <div className={classes["why"]}>{children}</div>}
      {act !== undefined && <div className={classes["act"]}>{act}</div>}
    </div>
  );
}
