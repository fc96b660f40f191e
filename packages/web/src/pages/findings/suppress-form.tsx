/** Silencing a finding until a time, with a reason. */
import { Button, Popover, SegmentedControl, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconBellOff } from "@tabler/icons-react";
import { useState } from "react";
import type { Finding } from "@holdfast/contract";
import { invoke } from "../../app/api.ts";
import { serverNow } from "../../app/clock.ts";
import { useMay } from "../../app/session.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import classes from "./findings.module.css";

const hours = { "4": "4 h", "24": "1 day", "168": "1 week", "720": "30 days" };

export function SuppressForm({ finding }: { finding: Finding }) {
  const [opened, setOpened] = useState(false);
  const [length, setLength] = useState("24");
  const [reason, setReason] = useState("");
  const queries = useQueryClient();
  const may = useMay();
  const suppress = useMutation({
    mutationFn: () =>
      invoke("findings.suppress", {
        id: finding.id,
        until: new Date(serverNow() + Number(length) * 3_600_000).toISOString(),
        reason: reason.trim(),
      }),
    onSuccess: async () => {
      setOpened(false);
      sayDone("Suppressed: nobody is told of it until then.");
      await queries.invalidateQueries();
    },
  });
  if (!may("findings.suppress", [finding.labels])) return null;
  return (
    <Popover opened={opened} onChange={setOpened} width={320} trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={<IconBellOff size={15} />} onClick={() => setOpened(!opened)}>
          Suppress…
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Suppress">
        <form
          className={classes["form"]}
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim() !== "") suppress.mutate();
          }}
        >
          <SegmentedControl
            fullWidth
            aria-label="For how long"
            value={length}
            onChange={setLength}
            data={Object.entries(hours).map(([value, label]) => ({ value, label }))}
          />
          <Textarea
            label="Reason"
            description="Kept with the finding."
            autosize
            minRows={2}
            maxLength={2000}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {suppress.isError && <ProblemNotice thrown={suppress.error} />}
          <Button type="submit" disabled={reason.trim() === ""} loading={suppress.isPending}>
            Suppress
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
