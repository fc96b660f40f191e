/**
 * Things that may call each other, but not in a circle: route-maps of FRR. FRR 8.4.4 takes the line that closes a circle, and zebra and
 * bgpd end; so no configuration with one is ever planned, and none is passed through on the way to another. Pure.
 */
import type { Rules } from "./dialect.ts";
import type { Step } from "./steps.ts";
import type { ConfigNode, ConfigTree } from "./tree.ts";

/** One calls another. */
export interface Call {
  from: string;
  to: string;
  /** 1-based line of the text. */
  line: number;
}

/** The calls of a configuration. */
function callsIn({ dialect: { calls } }: Rules, { children }: ConfigTree): Call[] {
  if (!calls) return [];
  const of = (from: string, { text, line }: ConfigNode): Call[] => {
    const to = calls.line.exec(text)?.[1];
    return to === undefined ? [] : [{ from, to, line }];
  };
  return children.flatMap((node) => {
    const from = calls.section.exec(node.text)?.[1];
    return from === undefined ? [] : node.children.flatMap((child) => of(from, child));
  });
}

/** Calls that lead from a name back to it, each from where the one before leads; undefined when there are none. */
export function circleIn(rules: Rules, tree: ConfigTree): Call[] | undefined {
  const calls = byCaller(callsIn(rules, tree));
  const clear = new Set<string>();
  for (const start of calls.keys()) {
    const circle = circleFrom(start, calls, clear);
    if (circle) return circle;
  }
  return undefined;
}

function byCaller(calls: Call[]): Map<string, Call[]> {
  const found = new Map<string, Call[]>();
  for (const call of calls) found.set(call.from, [...(found.get(call.from) ?? []), call]);
  return found;
}

/** @param clear names that lead to no circle; filled */
function circleFrom(start: string, calls: Map<string, Call[]>, clear: Set<string>): Call[] | undefined {
  const way: Call[] = [];
  const open = [{ name: start, left: [...(calls.get(start) ?? [])] }];
  for (let last = open.at(-1); last; last = open.at(-1)) {
    const call = last.left.shift();
    if (!call) {
      clear.add(last.name);
      open.pop();
      way.pop();
      continue;
    }
    if (clear.has(call.to)) continue;
    const at = open.findIndex(({ name }) => name === call.to);
    if (at >= 0) return [...way.slice(at), call];
    way.push(call);
    open.push({ name: call.to, left: [...(calls.get(call.to) ?? [])] });
  }
  return undefined;
}

/** Names that can be reached from each name. */
function reach(calls: Call[]): Map<string, Set<string>> {
  const next = byCaller(calls);
  return new Map(
    [...next.keys()].map((from) => {
      const found = new Set<string>();
      const open = [from];
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        for (const { to } of next.get(name) ?? []) {
          if (!found.has(to)) open.push(to);
          found.add(to);
        }
      }
      return [from, found];
    }),
  );
}

/** Where the old and the new calls together make a circle, the old ones of it go before the new ones come. */
export function openCircles(rules: Rules, steps: Step[], [running, intended]: [ConfigTree, ConfigTree]): void {
  const { calls } = rules.dialect;
  if (!calls) return;
  const reached = reach([...callsIn(rules, running), ...callsIn(rules, intended)]);
  const inCircle = ({ from, to }: Pick<Call, "from" | "to">): boolean => reached.get(to)?.has(from) === true;
  const edges = (step: Step, names: string[]): Pick<Call, "from" | "to">[] => {
    const caller = calls.section.exec(step.at.at(-1)?.text ?? step.lines[0]?.replace(/^no /, "") ?? "")?.[1];
    const called = names.flatMap((name) => (name.startsWith(calls.kind) ? [name.slice(calls.kind.length)] : []));
    return caller === undefined ? [] : called.map((to) => ({ from: caller, to })).filter(inCircle);
  };
  const going = steps.flatMap((step) => edges(step, step.frees).map((edge) => ({ step, edge })));
  if (!going.length) return;
  for (const step of steps) {
    for (const edge of edges(step, step.uses)) {
      for (const old of going) if (old.step !== step && reached.get(edge.to)?.has(old.edge.from)) step.after.add(old.step);
    }
  }
}
