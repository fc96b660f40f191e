/** Where one can go, with what waits there. */
import { useQuery } from "@tanstack/react-query";
import {
  IconArrowsDiff,
  IconBuildingSkyscraper,
  IconCertificate,
  IconFileDiff,
  IconGitBranch,
  IconKey,
  IconLayoutDashboard,
  IconListCheck,
  IconLock,
  IconRobot,
  IconRocket,
  IconServer2,
  IconSignature,
  IconShieldExclamation,
  IconUsers,
  IconUserShield,
} from "@tabler/icons-react";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ComponentType } from "react";
import { count } from "../../parts/format.ts";
import { places } from "../keyboard/keys.ts";
import type { RouteOutput } from "../api.ts";
import { read } from "../reads.ts";
import { useMay } from "../session.ts";
import classes from "./navigation.module.css";

type Overview = RouteOutput<"system.overview">;
type Label = (typeof places)[number]["label"];

const icons: Record<Label, ComponentType<{ size?: number; stroke?: number }>> = {
  Overview: IconLayoutDashboard,
  Devices: IconServer2,
  Repositories: IconGitBranch,
  Plans: IconFileDiff,
  Rollouts: IconRocket,
  Drift: IconArrowsDiff,
  Findings: IconShieldExclamation,
  Audit: IconListCheck,
  People: IconUsers,
  Roles: IconUserShield,
  Machines: IconRobot,
  "Identity providers": IconBuildingSkyscraper,
  "Signing keys": IconSignature,
  "API keys": IconKey,
  Secrets: IconLock,
  Certificates: IconCertificate,
};

const groups: { title: string | undefined; labels: Label[] }[] = [
  { title: undefined, labels: ["Overview"] },
  { title: "Change", labels: ["Devices", "Repositories", "Plans", "Rollouts", "Drift"] },
  { title: "Watch", labels: ["Findings", "Audit"] },
  { title: "Access", labels: ["People", "Roles", "Machines", "Identity providers", "Signing keys"] },
  { title: "Keys", labels: ["Secrets", "Certificates", "API keys"] },
];

/** What waits on a page, as a number and in words; nothing when nothing does. */
function waiting(label: Label, overview: Overview | undefined): { n: number; words: string; loud: boolean } | undefined {
  if (overview === undefined) return undefined;
  const { rollouts, devices, findings } = overview;
  const found = Object.values(findings).reduce((sum, n) => sum + n, 0);
  const asks = rollouts.awaitingApproval + rollouts.needsAttention;
  if (label === "Rollouts") return { n: rollouts.running + asks, words: "under way or waiting", loud: asks > 0 };
  if (label === "Drift") return { n: devices.drifted, words: "drifted", loud: false };
  if (label === "Findings") return { n: found, words: "open", loud: (findings["critical"] ?? 0) > 0 };
  return undefined;
}

export function Navigation({ onGo }: { onGo?: () => void }) {
  const may = useMay();
  const path = useLocation({ select: ({ pathname }) => pathname });
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a low screen the list scrolls; where one is stays in sight.
    if (path !== "") list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [path]);
  const overview = useQuery({ ...read("system.overview", undefined), refetchInterval: 60_000 }).data;
  return (
    <nav aria-label="Main" className={classes["nav"]} ref={list}>
      {groups.map((group) => {
        const shown = places.filter((place) => group.labels.includes(place.label) && may(place.route));
        if (shown.length === 0) return null;
        return (
          <div key={group.title ?? "top"}>
            {group.title !== undefined && <p className={classes["group"]}>{group.title}</p>}
            <ul>
              {shown.map((place) => (
                <li key={place.label}>
                  <NavigationLink place={place} icon={icons[place.label]} waits={waiting(place.label, overview)} onGo={onGo} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

interface NavigationLinkProps {
  place: (typeof places)[number];
  icon: ComponentType<{ size?: number; stroke?: number }>;
  waits: ReturnType<typeof waiting>;
  onGo: (() => void) | undefined;
}

function NavigationLink({ place, icon: Icon, waits, onGo }: NavigationLinkProps) {
  return (
    <Link
      to={place.to}
      className={classes["link"] ?? ""}
      activeOptions={{ exact: place.to === "/", includeSearch: false }}
      activeProps={{ "data-active": true }}
      onClick={() => onGo?.()}
    >
      <Icon size={16} stroke={1.7} />
      <span className={classes["label"]}>{place.label}</span>
      {waits !== undefined && waits.n > 0 && (
        <span className={classes["count"]} data-loud={waits.loud || undefined}>
          {count(waits.n)}
          <span className={classes["said"]}> {waits.words}</span>
        </span>
      )}
    </Link>
  );
}
