/** An act: one call that changes something, with everything a button, a palette line or a confirmation needs to know of it. */
import type { ReactNode } from "react";
import { invoke, type RouteInput, type RouteName, type RouteOutput } from "./api.ts";
import { linesOf, type Lines } from "./as-code.ts";
import { whyNot, type Me, type Touched } from "./session.ts";

export interface Confirm {
  title: string;
  /** What it touches, how many, and how it is undone. */
  says: ReactNode;
  /** `asked`: a reason may be given; `needed`: it must be. It becomes `reason` of the input. */
  reason?: "asked" | "needed";
  /** For the worst: this has to be typed first. */
  typing?: string;
}

interface ActSpec<R extends RouteName> {
  route: R;
  input: RouteInput<R>;
  label: string;
  icon?: ReactNode;
  tone?: Act["tone"];
  ifMatch?: string | undefined;
  /** The name of what it is done to, for the command line, where the input holds only an id. */
  called?: string;
  /** Why it cannot be done now, although the caller may. */
  blocked?: string | undefined;
  /** For those whose permission counts for some labels only. */
  touches?: Touched | undefined;
  confirm?: Confirm;
  /** What to say, or where to go, afterwards; what is on the screen is read again once that is done. */
  done?: (output: RouteOutput<R>) => string | undefined | Promise<string | undefined>;
}

export interface Act {
  route: RouteName;
  label: string;
  icon: ReactNode;
  tone: "primary" | "danger" | "plain";
  blocked: string | undefined;
  touches: Touched | undefined;
  confirm: Confirm | undefined;
  /** Does it. @throws Problem. Returns what to say afterwards. */
  run: (reason?: string) => Promise<string | undefined>;
  /** The same as an API call and as a command line. */
  lines: (reason?: string) => Lines;
}

export function act<R extends RouteName>(spec: ActSpec<R>): Act {
  const inputWith = (reason?: string): RouteInput<R> =>
    (reason === undefined || reason === "" ? spec.input : { ...(spec.input as object), reason }) as RouteInput<R>;
  return {
    route: spec.route,
    label: spec.label,
    icon: spec.icon,
    tone: spec.tone ?? "plain",
    blocked: spec.blocked,
    touches: spec.touches,
    confirm: spec.confirm,
    run: async (reason) => {
      const output = await invoke(spec.route, inputWith(reason), spec.ifMatch === undefined ? {} : { ifMatch: spec.ifMatch });
      return await spec.done?.(output);
    },
    lines: (reason) => linesOf(spec.route, inputWith(reason), spec),
  };
}

/** Why an act is not possible for somebody now; undefined when it is. */
export function obstacle(one: Act, me: Me | undefined): string | undefined {
  return whyNot(me, one.route, one.touches) ?? one.blocked;
}
