/** Everything that is known about oneself, as a file. */
import { IconDownload } from "@tabler/icons-react";
import { act } from "../../app/act.ts";
import { useMe } from "../../app/session.ts";
import { ActButton } from "../../parts/act-bar.tsx";
import { download } from "../../parts/csv.ts";
import { Panel } from "../../parts/page.tsx";

export function OwnFacts() {
  const name = useMe()?.user.name ?? "me";
  const take = act({
    route: "privacy.me",
    input: undefined,
    label: "Take it with you",
    icon: <IconDownload size={14} />,
    done: (known) => {
      download(`holdfast-${name}.json`, `${JSON.stringify(known, undefined, 2)}\n`, "application/json");
      return "Everything that is known about you is in the file.";
    },
  });
  return (
    <Panel title="What Holdfast knows about you" id="known" beside={<ActButton one={take} />}>
      <p className="dim">
        One JSON file: your account, factors (never their secrets), sessions, keys, links, and what you did. To be erased, ask an
        administrator.
      </p>
    </Panel>
  );
}
