/** The names of things that are only known by `<kind>:<id>`, from the newest of the lists that they are in. */
import { skipToken, useQuery } from "@tanstack/react-query";
import { invoke } from "../app/api.ts";
import { keyOf } from "../app/read-keys.ts";
import { useMay } from "../app/session.ts";
import { partsOf } from "./sayings.ts";

type Named = { id: string; name: string } | { id: string; title: string };

const lists = {
  device: { route: "devices.list", limit: 500 },
  repository: { route: "repositories.list", limit: 500 },
  rollout: { route: "rollouts.list", limit: 100 },
  plan: { route: "plans.list", limit: 100 },
  finding: { route: "findings.list", limit: 100 },
} as const;

/** Undefined while it is read, and for what is old, gone, or not the caller's to see: then the id says it. */
export function useNameOf(subject: string): string | undefined {
  const may = useMay();
  const { kind, id } = partsOf(subject);
  const list = isListed(kind) && may(lists[kind].route) ? lists[kind] : undefined;
  const input = { limit: list?.limit ?? 0 };
  const name = useQuery({
    queryKey: list === undefined ? ["names"] : keyOf(list.route, input),
    queryFn: list === undefined ? skipToken : ({ signal }): Promise<{ items: Named[] }> => invoke(list.route, input, { signal }),
    select: ({ items }) => nameOf(items.find((item) => item.id === id)),
  }).data;
  return kind === "user" || kind === "secret" ? id : name;
}

function isListed(kind: string): kind is keyof typeof lists {
  return Object.hasOwn(lists, kind);
}

function nameOf(item: Named | undefined): string | undefined {
  if (item === undefined) return undefined;
  return "name" in item ? item.name : item.title;
}
