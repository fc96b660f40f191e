/** Many devices at once from YAML or CSV: first looked at, then all rows or none. */
import { Button, FileButton, Modal, SegmentedControl, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { invoke, type RouteOutput } from "../../app/api.ts";
import { linesOf } from "../../app/as-code.ts";
import { CodeFold } from "../../parts/code-lines.tsx";
import { listed, plural } from "../../parts/format.ts";
import { State } from "../../parts/glyph.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { sayDone } from "../../parts/run-act.tsx";
import classes from "./devices.module.css";

type Report = RouteOutput<"devices.import">;
type Format = "yaml" | "csv";

const examples: Record<Format, string> = {
  yaml: "apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: lyon-core-1, labels: { role: core } }\nspec:\n  platform: ios\n  address: 10.0.0.11\n  site: lyon\n  credential: lab/ios\n",
  csv: "name,platform,address,port,site,labels,credential\nlyon-core-1,ios,10.0.0.11,22,lyon,role=core,lab/ios\n",
};

export function ImportDevices() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [format, setFormat] = useState<Format>("yaml");
  const [content, setContent] = useState("");
  const close = (): void => void navigate({ to: "/devices" });
  const look = useMutation({ mutationFn: () => invoke("devices.import", { format, content, dryRun: true }) });
  const take = useMutation({
    mutationFn: () => invoke("devices.import", { format, content, dryRun: false }),
    onSuccess: async (report) => {
      if (report.errors.length > 0) return;
      sayDone(`${plural(report.created.length, "device")} added, ${report.updated.length} changed.`);
      await queries.invalidateQueries();
      close();
    },
  });
  const change = (text: string): void => {
    setContent(text);
    look.reset();
    take.reset();
  };
  const open = async (file: File | null): Promise<void> => {
    if (file === null) return;
    setFormat(/\.csv$/i.test(file.name) ? "csv" : "yaml");
    change(await file.text());
  };
  const report = take.data ?? look.data;
  const ready = look.data !== undefined && look.data.errors.length === 0 && look.data.created.length + look.data.updated.length > 0;
  return (
    <Modal
      opened
      onClose={close}
      title="Import devices"
      size={720}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className={classes["form"]}>
        <div className={classes["bar"]}>
          <SegmentedControl
            aria-label="Format"
            value={format}
            onChange={(value) => {
              setFormat(value as Format);
              look.reset();
            }}
            data={[
              { value: "yaml", label: "YAML" },
              { value: "csv", label: "CSV" },
            ]}
          />
          <FileButton
            onChange={(file) => void open(file)}
            accept=".yaml,.yml,.csv,text/csv,application/yaml"
            inputProps={{ "aria-label": "File to import", tabIndex: -1 }}
          >
            {(props) => (
              <Button variant="default" leftSection={<IconFileUpload size={15} />} {...props}>
                Open a file
              </Button>
            )}
          </FileButton>
          <Button variant="subtle" color="gray" onClick={() => change(examples[format])}>
            Begin with an example
          </Button>
        </div>
        <Textarea
          label="Devices"
          description={format === "yaml" ? "One document for each device, with --- between them." : "The first row names the columns."}
          styles={{ input: { fontFamily: "var(--mono)", fontSize: "0.75rem", whiteSpace: "pre", overflowX: "auto" } }}
          autosize
          minRows={9}
          maxRows={16}
          spellCheck={false}
          data-autofocus
          value={content}
          onChange={(event) => change(event.currentTarget.value)}
        />
        {report && <ReportView report={report} />}
        {(take.error ?? look.error) !== null && <ProblemNotice thrown={take.error ?? look.error} />}
        <CodeFold
          lines={linesOf("devices.import", {
            format,
            content: content.length > 200 ? `${content.slice(0, 200)}…` : content,
            dryRun: !ready,
          })}
        />
        <div className={classes["buttons"]}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            variant={ready ? "default" : "filled"}
            disabled={content.trim() === ""}
            loading={look.isPending}
            onClick={() => look.mutate()}
          >
            Check without importing
          </Button>
          {ready && (
            <Button loading={take.isPending} onClick={() => take.mutate()}>
              Import {plural(look.data.created.length + look.data.updated.length, "device")}
            </Button>
          )}
        </div>
      </div>
    </Modal>
  );
}

function ReportView({ report }: { report: Report }) {
  const { created, updated, unchanged, errors } = report;
  return (
    <output className={classes["report"]}>
      {errors.length > 0 ? (
        <>
          <State
            look={{
              tone: "bad",
              shape: "cross",
              word: `${plural(errors.length, "place")} to mend; nothing is imported until all rows are right`,
            }}
          />
          <ul className={classes["errors"]}>
            {errors.map((error) => (
              <li key={`${error.at} ${error.say}`}>
                <span className="mono">{error.at}</span>
                <span>{error.say}</span>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          <State look={{ tone: "ok", shape: "check", word: "Every row is right" }} />
          <span>
            <strong>{created.length}</strong> to add{created.length > 0 && ` (${listed(created)})`}, <strong>{updated.length}</strong> to
            change{updated.length > 0 && ` (${listed(updated)})`}, {unchanged.length} as they are.
          </span>
        </>
      )}
    </output>
  );
}
