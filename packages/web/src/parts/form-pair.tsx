/** Fields that belong together, beside each other where there is room. */
import type { ReactNode } from "react";
import classes from "./form-pair.module.css";

export function FormPair({ children }: { children: ReactNode }) {
  return <div className={classes["pair"]}>{children}</div>;
}
