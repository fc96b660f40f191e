/** The targets of a plan: which, where, how much. */
import { TextInput } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef } from "react";
import type { ChangeSummary, Plan } from "@holdfast/contract";
import { isTyping } from "../../app/keyboard/keys.ts";
import { useSingleKeys } from "../../app/keyboard/single-keys.ts";
import { Counts } from "../../parts/compare/unified-diff.tsx";
import { moved } from "../../parts/data-list/columns.ts";
import { plural } from "../../parts/format.ts";
import { Panel } from "../../parts/page.tsx";
import classes from "./plan.module.css";

const route = getRouteApi("/shell/plans/$plan");

export function PlanTargets({ plan, chosen, q }: { plan: Plan; chosen: string; q: string | undefined }) {
  const navigate = route.useNavigate();
  const list = useRef<HTMLUListElement>(null);
  const single = useSingleKeys();
  const shown = plan.changes.filter((change) => fits(change, q));
  const at = shown.findIndex((change) => change.target === chosen);
  useWindowEvent("keydown", (event) => {
    if (
      !single ||
      !["j", "k"].includes(event.key) ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      isTyping(event.target) ||
      document.querySelector('[role="dialog"]')
    )
      return;
    const next = shown[moved(at < 0 ? undefined : at, event.key, shown.length) ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    void navigate({ search: (search) => ({ ...search, target: next.target }), replace: true, resetScroll: false });
    list.current?.querySelector(`[data-target="${CSS.escape(next.target)}"]`)?.scrollIntoView({ block: "nearest" });
  });
  return (
    <div className={classes["targets"]}>
      <Panel id="targets" title={plural(plan.changes.length, "target")} flush>
        {plan.changes.length > 8 && (
          <div className={classes["filter"]}>
            <TextInput
              aria-label="Filter targets by name, site or label"
              placeholder="Filter by name, site or label"
              data-filter
              type="search"
              leftSection={<IconSearch size={14} />}
              value={q ?? ""}
              onChange={(event) => {
                const text = event.currentTarget.value;
                void navigate({
                  search: (search) => ({ ...search, q: text === "" ? undefined : text }),
                  replace: true,
                  resetScroll: false,
                });
              }}
            />
          </div>
        )}
        <ul className={classes["list"]} ref={list}>
          {shown.map((change) => (
            <li key={change.target}>
              <Link
                to="/plans/$plan"
                params={{ plan: plan.id }}
                search={(search) => ({ ...search, target: change.target })}
                replace
                resetScroll={false}
                className={classes["target"] ?? ""}
                data-target={change.target}
                data-active={change.target === chosen || undefined}
                aria-current={change.target === chosen || undefined}
              >
                <span className="clip">{change.targetName}</span>
                <Counts added={change.added} removed={change.removed} />
                <small className="clip">
                  {change.site !== undefined && `${change.site} · `}
                  {whereOf(change.summary)}
                </small>
              </Link>
            </li>
          ))}
          {shown.length === 0 && <li className={classes["none"]}>No target fits.</li>}
        </ul>
      </Panel>
    </div>
  );
}

/** `+3 −1 in router ospf` → `router ospf`, also where only one of both numbers is there: they stand beside it already. */
function whereOf(summary: string): string {
  return summary.replace(/^(?:[+−-]\d+ )+in /, "");
}

function fits(change: ChangeSummary, q: string | undefined): boolean {
  if (q === undefined) return true;
  const words = [change.targetName, change.site ?? "", ...Object.entries(change.labels).map(([key, value]) => `${key}=${value}`)]
    .join(" ")
    .toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}
