/** What stands where a page is missing, failed, or still on its way. */
import { IconMapOff } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { Empty } from "../parts/empty.tsx";
import { LinkButton } from "../parts/link-button.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { RowsSkeleton } from "../parts/skeletons.tsx";

export function Lost() {
  return (
    <Page title="Nothing here">
      <Panel>
        <Empty
          icon={<IconMapOff size={22} />}
          title="No page has this address"
          act={
            <LinkButton variant="default" to="/">
              To the overview
            </LinkButton>
          }
        >
          The link may be old, or mistyped.
        </Empty>
      </Panel>
    </Page>
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
