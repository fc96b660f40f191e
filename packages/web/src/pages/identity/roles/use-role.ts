/** One role of the list; there is no route for one alone. */
import { Problem } from "@holdfast/kit";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { RoleSummary } from "@holdfast/contract";
import { read } from "../../../app/reads.ts";

export function useRole(id: string): UseQueryResult<RoleSummary> {
  return useQuery({
    ...read("roles.list", undefined),
    select: ({ items }) => {
      const found = items.find((role) => role.id === id);
      if (found === undefined) throw new Problem("identity_role_missing", { kind: "missing", say: `There is no role named "${id}".` });
      return found;
    },
  });
}
