/** The inventory as a file that can be imported again. */
import { Button, Menu } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { invoke } from "../../app/api.ts";
import { download } from "../../parts/csv.ts";
import { sayProblem } from "../../parts/run-act.tsx";

export function ExportMenu({ selector }: { selector: string | undefined }) {
  const save = useMutation({
    mutationFn: async (format: "yaml" | "csv") => {
      const { content } = await invoke("devices.export", { format, ...(selector !== undefined && { selector }) });
      download(`devices.${format}`, content, format === "csv" ? "text/csv" : "application/yaml");
    },
    onError: sayProblem,
  });
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} />} loading={save.isPending}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{selector === undefined ? "Every device" : `Devices with ${selector}`}</Menu.Label>
        <Menu.Item onClick={() => save.mutate("yaml")}>YAML</Menu.Item>
        <Menu.Item onClick={() => save.mutate("csv")}>CSV</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
