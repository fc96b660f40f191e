/** Every device whose running configuration is not the intended one, with what differs. */
import { UnstyledButton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { IconArrowBackUp, IconArrowsDiff, IconChevronRight } from "@tabler/icons-react";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { act } from "../../app/act.ts";
import type { RouteOutput } from "../../app/api.ts";
import { readPages } from "../../app/reads.ts";
import { ActBar, ActButton } from "../../parts/act-bar.tsx";
import { Counts, UnifiedDiff } from "../../parts/compare/unified-diff.tsx";
import { Empty } from "../../parts/empty.tsx";
import { listed, plural } from "../../parts/format.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import { When } from "../../parts/when.tsx";
import classes from "./drift.module.css";

type DriftItem = RouteOutput<"devices.drift">["items"][number];
const route = getRouteApi("/shell/drift");

const check = act({
  route: "devices.checkDrift",
  input: {},
  label: "Check every device now",
  icon: <IconArrowsDiff size={15} />,
  done: (out) => `${plural(out.checked, "device")} checked: ${out.drifted} drifted, ${out.unreachable} unreachable.`,
});

export function DriftPage() {
  const drift = useInfiniteQuery(readPages("devices.drift", {}));
  return (
    <Page
      title="Drift"
      say={drift.data === undefined ? drift.error ? undefined : null : <Answer items={drift.data} />}
      acts={<ActBar acts={[check]} />}
    >
      <Loaded query={drift} skeleton={<RowsSkeleton />}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Empty icon={<IconArrowsDiff size={22} />} title="Nothing has drifted">
                Every device that was read runs what is intended. When somebody changes one by hand, it shows up here with what differs, and
                one click plans the way back.
              </Empty>
            </Panel>
          ) : (
            <div className={classes["items"]}>
              {items.map((item) => (
                <DriftCard key={item.device} item={item} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function Answer({ items }: { items: DriftItem[] }) {
  if (items.length === 0) return <>Every device runs what is intended, as last read.</>;
  const sites = [...new Set(items.flatMap((item) => item.site ?? []))];
  return (
    <>
      {plural(items.length, "device")} {items.length === 1 ? "runs" : "run"} something else than intended
      {sites.length > 0 && `, at ${listed(sites)}`}.
    </>
  );
}

function DriftCard({ item }: { item: DriftItem }) {
  const { device: open } = route.useSearch();
  const search = route.useNavigate();
  const navigate = useNavigate();
  const opened = open === undefined || open === item.deviceName;
  const revert = act({
    route: "devices.revertDrift",
    input: { id: item.device },
    label: "Plan the revert",
    icon: <IconArrowBackUp size={15} />,
    done: async (plan) => {
      await navigate({ to: "/plans/$plan", params: { plan: plan.id } });
      return undefined;
    },
  });
  return (
    <section className={classes["card"]} aria-label={item.deviceName}>
      <div className={classes["head"]}>
        <UnstyledButton
          className={classes["fold"] ?? ""}
          aria-expanded={opened}
          aria-label={`${opened ? "Fold" : "Show"} the drift of ${item.deviceName}`}
          onClick={() => void search({ search: opened && open !== undefined ? {} : { device: item.deviceName }, replace: true })}
        >
          <IconChevronRight size={15} data-open={opened || undefined} />
        </UnstyledButton>
        <div className={classes["words"]}>
          <Link to="/devices/$device" params={{ device: item.deviceName }} search={{ tab: "drift" }} className={classes["name"] ?? ""}>
            {item.deviceName}
          </Link>
          <span className="dim">
            {item.site !== undefined && `${item.site} · `}since <When at={item.since} /> · {item.summary}
          </span>
        </div>
        <Counts added={item.added} removed={item.removed} />
        {item.finding !== undefined && (
          <Link to="/findings/$finding" params={{ finding: item.finding }}>
            Finding
          </Link>
        )}
        <ActButton one={revert} />
      </div>
      {opened && (
        <div className={classes["diff"]}>
          <UnifiedDiff diff={item.diff} label={`Drift of ${item.deviceName}`} />
        </div>
      )}
    </section>
  );
}
