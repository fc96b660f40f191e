/** The same act outside the console: as an API call and as a command line. */
import { routeOf, type RouteInput, type RouteName } from "./api.ts";
import { commandLine } from "./command-lines.ts";
import { curlLine } from "./curl.ts";

export interface Lines {
  api: string;
  /** Undefined where the command line has none of its own. */
  command: string | undefined;
}

export interface LineParts {
  /** The `etag` that was read. */
  ifMatch?: string | undefined;
  /** The name of what it is done to, where the input holds only an id. */
  called?: string | undefined;
}

/** Both, for this server. */
export function linesOf<R extends RouteName>(name: R, input: RouteInput<R>, { ifMatch, called }: LineParts = {}): Lines {
  return { api: curlLine(routeOf(name), input, { origin: location.origin, ifMatch }), command: commandLine(name, input, called) };
}
