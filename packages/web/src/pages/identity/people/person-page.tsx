/** One person: what they may do and where, how they sign in, where they are signed in, and everything that can be done about it. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconPencil } from "@tabler/icons-react";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import type { User } from "@holdfast/contract";
import { writeGrants } from "@holdfast/kit";
import { useState } from "react";
import { read, readPages } from "../../../app/reads.ts";
import { useMay, useMe, type Me } from "../../../app/session.ts";
import { ActBar } from "../../../parts/act-bar.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { State } from "../../../parts/glyph.tsx";
import { LinkButton } from "../../../parts/link-button.tsx";
import { answerOf, Loaded } from "../../../parts/loaded.tsx";
import { Page, Panel } from "../../../parts/page.tsx";
import { TextSkeleton } from "../../../parts/skeletons.tsx";
import { When } from "../../../parts/when.tsx";
import { PermissionPreview } from "../access/preview.tsx";
import { ChangeEmail } from "./change-email.tsx";
import { Elsewhere } from "./elsewhere.tsx";
import { factorLook, personLook, type Person } from "./person.ts";
import { usePersonActs } from "./person-acts.tsx";
import { PersonKeys } from "./person-keys.tsx";
import { PersonSessions } from "./person-sessions.tsx";
import { ShownLink } from "./shown-link.tsx";
import classes from "../settings.module.css";

const route = getRouteApi("/shell/settings/people/$person");
const crumbs = [{ label: "People", to: "/settings/people" as const }];

export function PersonPage() {
  const { person: id } = route.useParams();
  const { at = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const me = useMe();
  const [erasing, setErasing] = useState(false);
  // What is being erased is not read again: that it is gone may be told before the act itself has its answer.
  const user = useQuery({ ...read("people.get", { id }), enabled: !erasing });
  const review = useInfiniteQuery(readPages("people.reviewGrants", {})).data?.find((row) => row.id === id);
  const { acts, link, closeLink } = usePersonActs(user.data, setErasing);
  return (
    <Page
      title={user.data?.name ?? "A person"}
      crumbs={crumbs}
      beside={user.data && <State look={personLook(user.data)} said={user.data.disabled ? "disabled" : "may sign in"} />}
      say={answerOf(user, (found) => sayWho(found, me))}
      acts={
        user.data && (
          <ActBar acts={acts} most={2}>
            {may("identity.updateUser") && (
              <LinkButton leftSection={<IconPencil size={14} />} to="/settings/people/$person/access" params={{ person: id }}>
                Change access
              </LinkButton>
            )}
          </ActBar>
        )
      }
    >
      <Loaded query={user} skeleton={<TextSkeleton lines={16} />}>
        {(found) =>
          erasing ? (
            <TextSkeleton lines={16} />
          ) : (
            <div className={classes["detail"]}>
              <div className={classes["stack"]}>
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
              <div className={classes["stack"]}>
                <Panel title="About" id="about" beside={<ChangeEmail key={found.etag} user={found} />}>
                  <About user={found} review={review} />
                </Panel>
                <PersonSessions user={found} />
                <PersonKeys user={found} />
                <Elsewhere user={found} />
              </div>
            </div>
          )
        }
      </Loaded>
      {link && <ShownLink made={link} close={closeLink} />}
      <Outlet />
    </Page>
  );
}

function sayWho({ id, grants }: User, me: Me | undefined): string {
  const roles = writeGrants(grants);
  return `${roles === "" ? "Has no role, and may do nothing" : `Has ${roles}`}${me?.user.id === id ? "; this is you." : "."}`;
}

function About({ user, review }: { user: User; review: Person | undefined }) {
  return (
    <Facts
      facts={[
        ["Mail address", user.email ?? <span className="dim">none; links are shown to you</span>],
        ["Second factor", review ? <State key="factor" look={factorLook(review)} /> : <span className="dim">–</span>],
        ["Last seen", <When key="seen" at={review?.lastSeenAt} />],
        ["Added", <When key="added" at={user.createdAt} />],
        [
          "Id",
          <span key="id" className="mono">
            {user.id}
          </span>,
        ],
      ]}
    />
  );
}
