/** Takes the trail elsewhere: the chain as JSON lines, to verify it without us, or what the filter shows as CSV. */
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { api, type RouteInput } from "../../app/api.ts";
import { useMay } from "../../app/session.ts";
import { count } from "../../parts/format.ts";
import { sayDone, sayProblem } from "../../parts/run-act.tsx";

type Query = RouteInput<"audit.export">;

export function ExportTrail({ filters }: { filters: Query }) {
  const may = useMay();
  const [running, setRunning] = useState(false);
  if (!may("audit.export")) return null;
  const take = async (query: Query, ending: string): Promise<void> => {
    const name = `holdfast-audit-${new Date().toISOString().slice(0, 10)}.${ending}`;
    setRunning(true);
    try {
      sayDone(`${count(await save(query, name))} lines are in ${name}; the export is on record.`);
    } catch (thrown) {
      sayProblem(thrown);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="compact-xs" leftSection={<IconDownload size={13} />} loading={running}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void take({ ...filters, format: "csv" }, "csv")}>What is shown, as CSV</Menu.Item>
        <Menu.Item onClick={() => void take({ format: "jsonl" }, "jsonl")}>The whole chain, to verify it elsewhere</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Hands the pieces to the browser as one file; how many lines. @throws Error when the stream ended before the trail did */
async function save(query: Query, name: string): Promise<number> {
  const pieces: string[] = [];
  let [lines, whole] = [0, false];
  for await (const { text, done } of await api.audit.export(query)) {
    pieces.push(text);
    lines += text.split("\n").length - 1;
    whole = done !== undefined;
  }
  if (!whole) throw new Error("The export was cut off before its end; do it again.");
  const address = URL.createObjectURL(new Blob(pieces, { type: query?.format === "csv" ? "text/csv" : "application/jsonl" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
  return lines;
}
