/** What can be done about a person: links, factors, sessions, shutting out, handing over and erasing what is known. */
import { IconDownload, IconKey, IconLink, IconPlayerPlay, IconShieldOff, IconUserOff, IconUserX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { User } from "@holdfast/contract";
import { act, type Act } from "../../../app/act.ts";
import { readPages } from "../../../app/reads.ts";
import { useMe } from "../../../app/session.ts";
import { download } from "../../../parts/csv.ts";
import type { MadeLink } from "./shown-link.tsx";

interface PersonActs {
  acts: Act[];
  link: MadeLink | undefined;
  closeLink: () => void;
}

/** `onErasing` hears when the erasure begins, and when it has failed or is done. */
export function usePersonActs(user: User | undefined, onErasing: (erasing: boolean) => void): PersonActs {
  const me = useMe();
  const navigate = useNavigate();
  const [link, setLink] = useState<MadeLink>();
  const review = useInfiniteQuery(readPages("people.reviewGrants", {})).data?.find((row) => row.id === user?.id);
  const closeLink = (): void => setLink(undefined);
  if (user === undefined) return { acts: [], link, closeLink };
  const self = me?.user.id === user.id ? "This is you; ask another administrator." : undefined;
  const gone = async (): Promise<void> => navigate({ to: "/settings/people" });
  const noFactor = review !== undefined && review.secondFactor !== "enrolled" ? "There is no second factor to take away." : undefined;
  return {
    link,
    closeLink,
    acts: [
      disable(user, self),
      forceReset(user, { self, shown: setLink }),
      invite(user, { blocked: review?.lastSeenAt === undefined ? undefined : "This person has been in already.", shown: setLink }),
      resetFactors(user, self === undefined ? noFactor : "Change your own factors in your profile."),
      exportPerson(user),
      told(erase(user, { self, gone }), onErasing),
    ],
  };
}

function told(one: Act, onRunning: (running: boolean) => void): Act {
  return {
    ...one,
    run: async (reason) => {
      onRunning(true);
      try {
        return await one.run(reason);
      } finally {
        onRunning(false);
      }
    },
  };
}

function disable({ id, name, etag, disabled }: User, self: string | undefined): Act {
  return act({
    route: "identity.updateUser",
    called: name,
    input: { id, disabled: !disabled },
    ifMatch: etag,
    label: disabled ? "Enable" : "Disable",
    icon: disabled ? <IconPlayerPlay size={14} /> : <IconUserOff size={14} />,
    tone: disabled ? "plain" : "danger",
    blocked: self,
    confirm: {
      title: disabled ? `Let ${name} in again` : `Shut ${name} out`,
      says: disabled ? (
        <p>{name} may sign in again, with the password, factors and roles from before.</p>
      ) : (
        <p>
          {name} is signed out everywhere within five seconds and refused from then on; API keys are refused, too. Nothing is deleted:
          “Enable” undoes it.
        </p>
      ),
    },
    done: () => (disabled ? `${name} may sign in again.` : `${name} is shut out.`),
  });
}

interface Linking {
  shown: (link: MadeLink) => void;
}

function forceReset({ id, name }: User, { self, shown }: Linking & { self: string | undefined }): Act {
  return act({
    route: "people.forceReset",
    called: name,
    input: { id },
    label: "Ask for a new password",
    icon: <IconKey size={14} />,
    tone: "danger",
    blocked: self === undefined ? undefined : "Change your own password in your profile.",
    confirm: {
      title: `A new password for ${name}`,
      says: (
        <p>
          The password and all sessions of {name} end now. A one-time link leads to a new password: by mail, or shown to you once. The old
          password does not come back.
        </p>
      ),
    },
    done: (sent) => {
      shown({ title: `${name} must choose a new password`, ...sent });
      return undefined;
    },
  });
}

function invite({ id, name }: User, { blocked, shown }: Linking & { blocked: string | undefined }): Act {
  return act({
    route: "people.inviteAgain",
    called: name,
    input: { id },
    label: "Invite again",
    icon: <IconLink size={14} />,
    blocked,
    confirm: { title: `Invite ${name} again`, says: <p>The link from before ends, and a new one is made.</p> },
    done: ({ mailed, expiresAt, link, because }) => {
      shown({ title: `${name} is invited again`, name, mailed, expiresAt, link, because });
      return undefined;
    },
  });
}

function resetFactors({ id, name }: User, blocked: string | undefined): Act {
  return act({
    route: "factors.reset",
    called: name,
    // The reason is asked for below.
    input: { id, reason: "" },
    label: "Take the second factors away",
    icon: <IconShieldOff size={14} />,
    tone: "danger",
    blocked,
    confirm: {
      title: `Take all second factors from ${name}`,
      says: (
        <p>
          The authenticator app, passkeys and backup codes of {name} end, and all sessions. Do this only when you know that it is {name} who
          asks: by voice or in person, not by mail.
        </p>
      ),
      reason: "needed",
    },
    done: () => `${name} has no second factor any more.`,
  });
}

function exportPerson({ id, name }: User): Act {
  return act({
    route: "privacy.show",
    called: name,
    input: { id },
    label: "Export what is known",
    icon: <IconDownload size={14} />,
    confirm: {
      title: `Everything that is known about ${name}`,
      says: <p>One JSON file, for {name} to have (GDPR, articles 15 and 20). The export is recorded in the audit trail.</p>,
    },
    done: (known) => {
      download(`holdfast-person-${name}.json`, `${JSON.stringify(known, undefined, 2)}\n`, "application/json");
      return `What is known about ${name} is in the file.`;
    },
  });
}

function erase({ id, name }: User, { self, gone }: { self: string | undefined; gone: () => Promise<void> }): Act {
  return act({
    route: "privacy.erase",
    input: { id, confirm: name, reason: "" },
    label: "Erase for good",
    icon: <IconUserX size={14} />,
    tone: "danger",
    blocked: self,
    confirm: {
      title: `Erase ${name} for good`,
      says: (
        <p>
          Name, mail address, password, factors, sessions, keys and links of {name} are deleted. What they did stays in the audit trail
          under a pseudonym from which nothing leads back. <strong>Nobody can undo this.</strong> (GDPR, article 17)
        </p>
      ),
      reason: "needed",
      typing: name,
    },
    done: async ({ pseudonym }) => {
      await gone();
      return `${name} is erased; the audit trail says ${pseudonym} from now on.`;
    },
  });
}
