/** What grants allow: every permission in words, yes or no, with the role that gives it; for all there is, or for what carries some labels. */
import { Button, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Grant, Permission, RoleSummary } from "@holdfast/contract";
import { writeGrant } from "@holdfast/kit";
import { permissions } from "virtual:contract";
import { countsByLabels, type RouteOutput } from "../../../app/api.ts";
import { read } from "../../../app/reads.ts";
import { Glyph } from "../../../parts/glyph.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import { readLabels } from "./labels-text.ts";
import { grouped, sayPermission } from "./permission-words.ts";
import { givenBy, verdictOf, type Verdict } from "./given-by.ts";
import classes from "./access.module.css";

type Preview = RouteOutput<"roles.preview">["items"][number];

interface PreviewProps {
  /** Of whom, e.g. `ines`. */
  of: string;
  grants: readonly Grant[];
  /** Labels that are asked about, as text; kept where the caller likes. */
  at: string;
  onAt: (at: string) => void;
}

export function PermissionPreview({ of, grants, at, onAt }: PreviewProps) {
  const [typed, setTyped] = useState(at);
  const labels = readLabels(at);
  const wrong = readLabels(typed) === undefined;
  const asked = labels !== undefined && Object.keys(labels).length > 0 ? labels : undefined;
  const roles = useQuery(read("roles.list", undefined));
  const preview = useQuery({
    ...read("roles.preview", { grants: [...grants], ...(asked && { labels: asked }) }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <form
        className={classes["ask"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong) onAt(typed.trim());
        }}
      >
        <TextInput
          aria-label={`What may ${of} do for these labels`}
          placeholder="For which labels, e.g. site=lyon, role=edge"
          spellCheck={false}
          error={wrong ? "key=value, with commas between" : undefined}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Look
        </Button>
      </form>
      <Loaded query={preview} skeleton={<TextSkeleton lines={14} />}>
        {({ items }) => <Answers items={items} asked={asked} grants={grants} roles={roles.data?.items ?? []} />}
      </Loaded>
    </>
  );
}

interface AnswersProps {
  items: readonly Preview[];
  asked: Record<string, string> | undefined;
  grants: readonly Grant[];
  roles: readonly RoleSummary[];
}

function Answers({ items, asked, grants, roles }: AnswersProps) {
  const verdicts = new Map(items.map((item) => [item.permission, verdictOf(item, asked !== undefined, countsByLabels(item.permission))]));
  const allowed = [...verdicts.values()].filter((verdict) => verdict.yes).length;
  const all = grouped(permissions).flatMap((group) => group.permissions).length;
  const where = asked === undefined ? "" : ` for ${labelsSaid(asked)}`;
  return (
    <>
      <output className={classes["sum"]}>{allowed === 0 ? `Nothing at all${where}.` : `${allowed} of ${all} permissions${where}.`}</output>
      <div className={classes["groups"]}>
        {grouped(permissions).map((group) => (
          <section key={group.title} className={classes["group"]}>
            <h3>{group.title}</h3>
            <ul>
              {group.permissions.map((permission) => (
                <Line
                  key={permission}
                  permission={permission}
                  verdict={verdicts.get(permission) ?? { yes: false }}
                  by={givenBy(permission, { grants, roles, labels: asked }).map(writeGrant)}
                />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}

function labelsSaid(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}

function Line({ permission, verdict, by }: { permission: Permission; verdict: Verdict; by: string[] }) {
  const { yes, where } = verdict;
  return (
    <li className={classes["may"]} data-no={!yes || undefined} data-permission={permission}>
      <Glyph {...(yes ? { shape: "check", tone: "ok" } : { shape: "skip", tone: "mute" })} />
      <span>
        <strong>{yes ? "Yes" : "No"}</strong>
        {where !== undefined && ` ${where}`}: {sayPermission(permission)} <span className="mono dim">{permission}</span>
        {by.length > 0 && (yes || where !== undefined) && <span className={classes["by"]}> by {by.join(", ")}</span>}
      </span>
    </li>
  );
}
