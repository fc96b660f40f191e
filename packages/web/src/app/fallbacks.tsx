/** What stands where a page is missing, failed, or still on its way. */
import { Anchor } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link, useRouter } from "@tanstack/react-router";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { RowsSkeleton } from "../parts/skeletons.tsx";

export function Lost() {
  return (
    <Page title="Nothing here">
      <Empty
        icon={<IconMapOff size={22} />}
        title="No page has this address"
        act={
          <Anchor component={Link} to="/">
            To the overview
          </Anchor>
        }
      >
        The link may be old, or mistyped.
      </Empty>
    </Page>
  );
}

/** Outside the shell. */
export function LostAlone() {
  return (
    <main>
      <Lost />
    </main>
  );
}

export function Failed({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <Page title="This page could not be shown">
      <ProblemNotice thrown={error} retry={() => void router.invalidate()} />
    </Page>
  );
}

export function Coming() {
  return (
    <div style={{ padding: 24 }}>
      <RowsSkeleton />
    </div>
  );
}
