/** One service account: what it may do, its API keys, its client secrets. */
import { useQuery } from "@tanstack/react-query";
import { IconPencil, IconPlayerPlay, IconPlus, IconUserOff } from "@tabler/icons-react";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import type { User } from "@holdfast/contract";
import { writeGrants } from "@holdfast/kit";
import { act, type Act } from "../../../app/act.ts";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { ActBar } from "../../../parts/act-bar.tsx";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { RowsSkeleton, TextSkeleton } from "../../../parts/skeletons.tsx";
import { PermissionPreview } from "../access/preview.tsx";
import { KeyTable } from "../key-table.tsx";
import { personLook } from "../people/person.ts";
import { ClientSecrets } from "./client-secrets.tsx";
import classes from "../settings.module.css";

const route = getRouteApi("/shell/settings/machines/$account");
const crumbs = [{ label: "Machines", to: "/settings/machines" as const }];

export function MachinePage() {
  const { account: id } = route.useParams();
  const { at = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const account = useQuery(read("people.get", { id }));
  return (
    <Page
      title={account.data?.name ?? "A service account"}
      crumbs={crumbs}
      beside={account.data && <State look={personLook(account.data)} said={account.data.disabled ? "disabled" : "let in"} />}
      say={answerOf(account, (found) => `A program with ${writeGrants(found.grants) || "no role"}.`)}
      acts={
        account.data && (
          <ActBar acts={[switchOff(account.data)]}>
            {may("identity.updateUser") && (
              <LinkButton leftSection={<IconPencil size={14} />} to="/settings/machines/$account/access" params={{ account: id }}>
                Change access
              </LinkButton>
            )}
          </ActBar>
        )
      }
    >
      <Loaded query={account} skeleton={<TextSkeleton lines={16} />}>
        {(found) => (
          <div className={classes["detail"]}>
            <div className={classes["stack"]}>
              <Keys account={found} />
              <ClientSecrets account={found} />
            </div>
            <Panel title={`What ${found.name} may do`} id="may">
              <PermissionPreview
                key={found.id}
                of={found.name}
                grants={found.grants}
                at={at}
                onAt={(labels) => void navigate({ to: ".", search: { at: labels || undefined }, replace: true, resetScroll: false })}
              />
            </Panel>
          </div>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

function switchOff({ id, name, etag, disabled }: User): Act {
  return act({
    route: "identity.updateUser",
    called: name,
    input: { id, disabled: !disabled },
    ifMatch: etag,
    label: disabled ? "Enable" : "Disable",
    icon: disabled ? <IconPlayerPlay size={14} /> : <IconUserOff size={14} />,
    tone: disabled ? "plain" : "danger",
    confirm: {
      title: disabled ? `Let ${name} in again` : `Shut ${name} out`,
      says: (
        <p>
          {disabled
            ? "Its keys and secrets count again."
            : "Its keys, secrets and tokens are refused within five seconds. “Enable” undoes it."}
        </p>
      ),
    },
    done: () => (disabled ? `${name} is let in again.` : `${name} is shut out.`),
  });
}

function Keys({ account }: { account: User }) {
  const may = useMay();
  const keys = useQuery(read("people.listKeys", { id: account.id }));
  const add = may("serviceAccounts.createKey") && (
    <LinkButton
      variant="default"
      size="compact-xs"
      leftSection={<IconPlus size={13} />}
      to="/settings/machines/$account/new-key"
      params={{ account: account.id }}
    >
      Create an API key
    </LinkButton>
  );
  return (
    <Panel title="API keys" id="keys" flush beside={add || undefined}>
      <Loaded query={keys} skeleton={<RowsSkeleton rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p style={{ padding: "12px 14px" }}>No API key. The simplest way in for a program that can keep one.</p>
          ) : (
            <KeyTable label={`API keys of ${account.name}`} keys={items} all="all that the account may" account={account} />
          )
        }
      </Loaded>
    </Panel>
  );
}
