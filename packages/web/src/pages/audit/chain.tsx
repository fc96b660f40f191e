/** Whether the chain of the audit trail is whole: recomputed when asked. */
import { Button } from "@mantine/core";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { IconLink } from "@tabler/icons-react";
import type { RouteOutput } from "../../app/api.ts";
import { read } from "../../app/reads.ts";
import { count } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { sayProblem } from "../../parts/run-act.tsx";

type Verdict = RouteOutput<"audit.verify">;

export function useVerify(): UseQueryResult<Verdict> {
  return useQuery({ ...read("audit.verify", undefined), enabled: false, retry: false });
}

export function ChainBadge({ verify }: { verify: UseQueryResult<Verdict> }) {
  const check = async (): Promise<void> => {
    const { error } = await verify.refetch();
    if (error !== null) sayProblem(error);
  };
  return (
    <>
      <output>
        {verify.data &&
          (verify.data.ok ? (
            <State look={{ tone: "ok", shape: "check", word: `chain whole, ${count(verify.data.entries)} entries` }} />
          ) : (
            <State look={{ tone: "bad", shape: "diamond", word: `chain broken at entry ${verify.data.brokenAt ?? "?"}` }} />
          ))}
      </output>
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<IconLink size={13} />}
        loading={verify.isFetching}
        onClick={() => void check()}
      >
        {verify.data === undefined ? "Verify the chain" : "Verify again"}
      </Button>
    </>
  );
}
