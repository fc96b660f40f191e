/** Facts about one thing: names at the left, values at the right. */
import type { ReactNode } from "react";
import classes from "./facts.module.css";

export type Fact = [name: string, value: ReactNode] | false | undefined;

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes["facts"]}>
      {facts.map((fact) => {
        if (fact === false || fact === undefined) return null;
        const [name, value] = fact;
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}
