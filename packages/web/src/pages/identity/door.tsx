/** What every way in looks like: one card, one question, one button. */
import { Button } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RouteOutput } from "../../app/api.ts";
import { meRead } from "../../app/session.ts";
import { Mark } from "../../app/shell/mark.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { safeNext } from "./fragment.ts";
import classes from "./doors.module.css";

export function Door({ title, says, children }: { title: string; says?: ReactNode; children: ReactNode }) {
  useDocumentTitle(`${title} · Holdfast`);
  return (
    <main className={classes["door"]}>
      <div className={classes["card"]}>
        <div className={classes["brand"]}>
          <Mark size={30} />
          Holdfast
        </div>
        <h1 className={classes["title"]}>{title}</h1>
        {says !== undefined && <p className={classes["says"]}>{says}</p>}
        {children}
      </div>
    </main>
  );
}

/** A field of a door; everything that is asked for is needed. */
export const field = { size: "sm", required: true, withAsterisk: false } as const;
export const name = { ...field, label: "Name", autoComplete: "username", autoCapitalize: "none", spellCheck: false } as const;

/** The way through, and why it did not open. */
export function Enter({ act, children }: { act: { error: unknown; isPending: boolean }; children: ReactNode }) {
  return (
    <>
      {act.error !== null && <ProblemNotice thrown={act.error} />}
      <Button size="sm" type="submit" loading={act.isPending} fullWidth>
        {children}
      </Button>
    </>
  );
}

/** Goes in as `me`, to where the caller came from. */
export function useEnter(): (me: RouteOutput<"identity.me">, next?: string) => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async (me, next) => {
    queries.clear();
    queries.setQueryData(meRead().queryKey, me);
    await navigate({ href: safeNext(next), replace: true });
  };
}
