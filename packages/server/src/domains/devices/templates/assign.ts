/** Assignments: to a name, to several at once, to an attribute of a namespace. */
import { fail } from "./fault.ts";
import { toList } from "./iterate.ts";
import type { Target } from "./nodes.ts";
import type { Frame } from "./run.ts";
import type { Sheet } from "./sheet.ts";
import { Namespace, type Value } from "./values.ts";

/** `from`: which data the value was read from. `sheet`: where its text was printed. */
export function assignTo(
  target: Target,
  value: Value,
  { frame, from, sheet }: { frame: Frame; from: readonly string[]; sheet?: Sheet | undefined },
): void {
  if (target.kind === "target") return frame.assign(target.name, value, { from, sheet });
  if (target.kind === "namespace") return assignAttribute(target, value, frame);
  const items = toList(value, frame.run.work);
  if (items.length !== target.items.length)
    fail(`${String(target.items.length)} names are assigned, but there are ${String(items.length)} values`);
  for (const [i, one] of target.items.entries()) assignTo(one, items[i] ?? null, { frame, from });
}

function assignAttribute(target: Extract<Target, { kind: "namespace" }>, value: Value, frame: Frame): void {
  const holder = frame.find(target.name)?.value;
  if (!(holder instanceof Namespace))
    return fail(
      `${target.name} is no namespace, so its attributes cannot be assigned`,
      `Make it one: {% set ${target.name} = namespace() %}.`,
    );
  holder.attributes.set(target.attribute, value);
}
