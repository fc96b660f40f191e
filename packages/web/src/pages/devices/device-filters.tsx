/** The filters of the list of devices. */
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { isProblem, parseSelector } from "@holdfast/kit";
import type { Device } from "@holdfast/contract";
import { devicePlatforms } from "virtual:contract";
import { Choose } from "../../parts/choose.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { driftLooks } from "../../parts/states.ts";
import { platformWord } from "./device-fields.ts";

interface DeviceSearch {
  q?: string | undefined;
  site?: string | undefined;
  platform?: string | undefined;
  drift?: string | undefined;
  selector?: string | undefined;
  sort?: string | undefined;
}

interface DeviceFiltersProps {
  search: DeviceSearch;
  rows: Device[];
  filtered: boolean;
  onChange: (patch: DeviceSearch | "clear") => void;
}

const driftWords = (["as_intended", "drifted", "unknown"] as const).map((value) => ({ value, label: driftLooks[value].word }));
const platformWords = devicePlatforms.map((value) => ({ value, label: platformWord(value) }));

export function DeviceFilters({ search, rows, filtered, onChange }: DeviceFiltersProps) {
  const sites = useSites(rows, search.site);
  return (
    <FilterBar
      looksIn="name, address or label"
      text={search.q}
      onText={(q) => onChange({ q })}
      filtered={filtered}
      onClear={() => onChange("clear")}
      views="devices"
    >
      <Choose label="Site" value={search.site} from={sites} searchable onChoose={(site) => onChange({ site })} />
      <Choose label="Platform" value={search.platform} from={platformWords} width={112} onChoose={(platform) => onChange({ platform })} />
      <Choose label="Configuration" value={search.drift} from={driftWords} onChoose={(drift) => onChange({ drift })} />
      <SelectorField key={search.selector ?? ""} value={search.selector} onChange={(selector) => onChange({ selector })} />
    </FilterBar>
  );
}

/** Sites of the rows read so far, and of rows read before under another filter. */
function useSites(rows: Device[], chosen: string | undefined): { value: string; label: string }[] {
  const [known] = useState(() => new Set<string>());
  return useMemo(() => {
    for (const row of rows) if (row.site !== undefined) known.add(row.site);
    if (chosen !== undefined) known.add(chosen);
    return [...known].sort().map((site) => ({ value: site, label: site }));
  }, [rows, chosen, known]);
}

function SelectorField({ value, onChange }: { value: string | undefined; onChange: (selector: string | undefined) => void }) {
  const [typed, setTyped] = useState(value ?? "");
  const wrong = selectorProblem(typed);
  const pass = useDebouncedCallback((text: string) => {
    if (selectorProblem(text) === undefined) onChange(text.trim() === "" ? undefined : text.trim());
  }, 500);
  return (
    <TextInput
      aria-label="Label selector"
      placeholder="role=core,env!=lab"
      w={178}
      spellCheck={false}
      error={wrong}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        pass(event.currentTarget.value);
      }}
    />
  );
}

function selectorProblem(text: string): string | undefined {
  try {
    parseSelector(text);
    return undefined;
  } catch (thrown) {
    return isProblem(thrown) ? thrown.message : undefined;
  }
}
