/** Ctrl-K: pages, devices and acts, only those one may use. */
import { Spotlight, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import {
  IconArrowRight,
  IconArrowsDiff,
  IconDatabaseExport,
  IconKeyboard,
  IconMoon,
  IconPlus,
  IconSearch,
  IconServer2,
  IconSun,
  IconUpload,
  IconUserPlus,
} from "@tabler/icons-react";
import { useMantineColorScheme } from "@mantine/core";
import { useNavigate, type LinkProps } from "@tanstack/react-router";
import { useEffect, useState, type ReactNode } from "react";
import { act } from "../act.ts";
import type { RouteName } from "../api.ts";
import { places } from "../keyboard/keys.ts";
import { read } from "../reads.ts";
import { useMay } from "../session.ts";
import { plural } from "../../parts/format.ts";
import { useRunAct } from "../../parts/run-act.tsx";

interface Line {
  label: string;
  says?: string;
  icon: ReactNode;
  route?: RouteName;
  do: () => void;
}

/** Opens itself when it is mounted. */
export function Palette({ onHelp }: { onHelp: () => void }) {
  const [query, setQuery] = useState("");
  useEffect(() => spotlight.open(), []);
  const may = useMay();
  const lines = useLines(onHelp).filter((line) => line.route === undefined || may(line.route));
  const devices = useDeviceLines(query, may("devices.list"));
  const wanted = query.trim().toLowerCase();
  const fits = (line: Line): boolean => wanted.split(/\s+/).every((word) => line.label.toLowerCase().includes(word));
  const pages = usePages(may).filter(fits);
  const acts = lines.filter(fits);
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      maxHeight="min(420px, 60vh)"
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      clearQueryOnClose
    >
      <Spotlight.Search
        aria-label="Search pages, devices and acts"
        placeholder="Search pages, devices and acts"
        leftSection={<IconSearch size={17} />}
      />
      <Spotlight.ActionsList>
        <Lines title="Devices" lines={devices} />
        <Lines title="Pages" lines={pages} />
        <Lines title="Acts" lines={acts} />
        {devices.length + pages.length + acts.length === 0 && <Spotlight.Empty>Nothing is called that.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function Lines({ title, lines }: { title: string; lines: Line[] }) {
  if (lines.length === 0) return null;
  return (
    <Spotlight.ActionsGroup label={title}>
      {lines.map((line) => (
        <Spotlight.Action
          key={line.label}
          label={line.label}
          {...(line.says !== undefined && { description: line.says })}
          leftSection={line.icon}
          onClick={line.do}
        />
      ))}
    </Spotlight.ActionsGroup>
  );
}

function usePages(may: (route: RouteName) => boolean): Line[] {
  const navigate = useNavigate();
  return places
    .filter((place) => may(place.route))
    .map((place) => ({ label: place.label, icon: <IconArrowRight size={16} />, do: () => void navigate({ to: place.to }) }));
}

function useDeviceLines(query: string, may: boolean): Line[] {
  const navigate = useNavigate();
  const [text] = useDebouncedValue(query.trim(), 90);
  const found = useQuery({
    ...read("devices.list", { q: text, limit: 8 }),
    enabled: may && text.length >= 2,
    placeholderData: keepPreviousData,
  });
  if (text.length < 2) return [];
  return (found.data?.items ?? []).map((device) => ({
    label: device.name,
    says: [device.address, device.platform, device.site].filter(Boolean).join(" · "),
    icon: <IconServer2 size={16} />,
    do: () => void navigate({ to: "/devices/$device", params: { device: device.name } }),
  }));
}

function useLines(onHelp: () => void): Line[] {
  const navigate = useNavigate();
  const { run } = useRunAct();
  const { setColorScheme } = useMantineColorScheme();
  const go = (to: LinkProps["to"]) => () => void navigate({ to } as LinkProps & { to: "/" });
  const check = act({
    route: "devices.checkDrift",
    input: {},
    label: "Check every device for drift",
    done: (out) => `${plural(out.checked, "device")} checked: ${out.drifted} drifted, ${out.unreachable} unreachable.`,
  });
  const backup = act({
    route: "devices.backup",
    input: {},
    label: "Back up every device",
    confirm: {
      title: "Back up every device",
      says: "Holdfast reads the running configuration of every device and keeps what is new. Nothing on a device is changed.",
    },
    done: (out) =>
      `${plural(out.items.length, "device")} backed up, ${out.items.filter((item) => item.problem !== undefined).length} failed.`,
  });
  return [
    { label: "Add a device", icon: <IconPlus size={16} />, route: "devices.create", do: go("/devices/new") },
    { label: "Import devices", icon: <IconUpload size={16} />, route: "devices.import", do: go("/devices/import") },
    { label: "Connect a repository", icon: <IconPlus size={16} />, route: "repositories.create", do: go("/repositories/new") },
    { label: "Add a person", icon: <IconUserPlus size={16} />, route: "people.invite", do: go("/settings/people/new") },
    { label: "Make a role", icon: <IconPlus size={16} />, route: "roles.create", do: go("/settings/roles/new") },
    { label: "Make a service account", icon: <IconPlus size={16} />, route: "serviceAccounts.create", do: go("/settings/machines/new") },
    { label: "Add a secret", icon: <IconPlus size={16} />, route: "secrets.create", do: go("/settings/secrets/new") },
    { label: "Issue a certificate", icon: <IconPlus size={16} />, route: "pki.issue", do: go("/settings/certificates/issue") },
    { label: "Create an API key", icon: <IconPlus size={16} />, route: "identity.createKey", do: go("/settings/keys/new") },
    { label: "Your profile", icon: <IconArrowRight size={16} />, do: go("/settings/profile") },
    { label: "Your sessions", icon: <IconArrowRight size={16} />, do: go("/settings/sessions") },
    { label: "Let a program in (code)", icon: <IconArrowRight size={16} />, do: go("/device") },
    { label: check.label, icon: <IconArrowsDiff size={16} />, route: check.route, do: () => run(check) },
    { label: backup.label, icon: <IconDatabaseExport size={16} />, route: backup.route, do: () => run(backup) },
    { label: "Colours: light", icon: <IconSun size={16} />, do: () => setColorScheme("light") },
    { label: "Colours: dark", icon: <IconMoon size={16} />, do: () => setColorScheme("dark") },
    { label: "Keyboard help", icon: <IconKeyboard size={16} />, do: onHelp },
  ];
}
