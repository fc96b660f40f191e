/** Which steps of the first run are done, as the system is now. */
import { useQuery } from "@tanstack/react-query";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import type { FirstRunStep } from "../../../parts/progress-line.tsx";

export type Progress = Record<FirstRunStep, boolean>;

/** Undefined while it is read. */
export function useProgress(): Progress | undefined {
  const may = useMay();
  const factors = useQuery(read("factors.own", undefined));
  const repositories = useQuery({ ...read("repositories.list", { limit: 1 }), enabled: may("repositories.list") });
  const overview = useQuery(read("system.overview", undefined));
  if (factors.isLoading || repositories.isLoading || overview.isLoading) return undefined;
  return {
    administrator: true,
    factor: factors.data !== undefined && (factors.data.totp !== undefined || factors.data.passkeys.length > 0),
    repository: (repositories.data?.items.length ?? 0) > 0,
    device: (overview.data?.devices.total ?? 0) > 0,
  };
}
