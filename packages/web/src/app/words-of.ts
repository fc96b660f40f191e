/** How the command lines of acts are written down. Pure. */
import type { RouteInput, RouteName } from "./api.ts";

export type Words = (string | number | undefined | false)[];
/** `called` is the name of what the act is done to, where its input holds only an id. */
export type Commands = { [R in RouteName]?: (input: RouteInput<R>, called: string | undefined) => Words | undefined };

/** `--name value`, or nothing where there is no value. */
export const option = (name: string, value: string | number | undefined): Words =>
  value === undefined || value === "" ? [] : [name, value];
