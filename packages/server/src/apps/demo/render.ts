/** What a set of repository files gives each device: the network of the demonstration starts with it. */
import { Problem } from "@holdfast/kit";
import { readIntent, renderDevice } from "../../domains/devices/intent.ts";

export function renderIntended(files: Record<string, string>): Map<string, string> {
  const intent = readIntent(new Map(Object.entries(files)));
  const places = intent.problems.map(({ at, say }) => ({ at, say }));
  if (places.length > 0) throw new Problem("demo_content", { kind: "broken", say: "The demonstration's repository is at fault.", places });
  return new Map(
    intent.devices.map(({ spec }) => {
      const rendered = renderDevice(intent, spec.name);
      if ("problem" in rendered)
        throw new Problem("demo_content", { kind: "broken", say: `${rendered.problem.at}: ${rendered.problem.say}` });
      return [spec.name, rendered.text];
    }),
  );
}
