/** What can be done about the trail itself: sign its end, exchange the key that signs, move old entries away. */
import { IconArchive, IconRefresh, IconSignature } from "@tabler/icons-react";
import { act, type Act } from "../../app/act.ts";
import { count } from "../../parts/format.ts";

const archiveDays = 365;

export function trailActs(): Act[] {
  const sign = act({
    route: "audit.checkpoint",
    input: undefined,
    label: "Sign the end of the chain now",
    icon: <IconSignature size={14} />,
    done: ({ checkpoint }) => (checkpoint ? `Checkpoint ${checkpoint.no} signs entry ${checkpoint.seq}.` : "Nothing new to sign."),
  });
  const rotate = act({
    route: "audit.rotateKey",
    input: {},
    label: "Exchange the key that signs",
    icon: <IconRefresh size={14} />,
    confirm: {
      title: "Exchange the key that signs checkpoints",
      says: (
        <p>
          A new key signs from now on, announced under a checkpoint of the old one. What the old one signed stays verifiable. Give the new
          public key to whoever verifies the trail elsewhere.
        </p>
      ),
      reason: "asked",
    },
    done: ({ next }) => (next ? `The key ${next.keyId} signs from now on.` : "Nothing was changed."),
  });
  const archive = act({
    route: "audit.archive",
    input: { olderThanDays: archiveDays },
    label: "Archive what is older than a year",
    icon: <IconArchive size={14} />,
    tone: "danger",
    confirm: {
      title: "Archive entries older than a year",
      says: (
        <p>
          They are written to a file of the server, whose last hash the chain goes on from, and are no longer found here. For another span:{" "}
          <span className="mono">holdfast audit archive --older-than DAYS</span>
        </p>
      ),
      reason: "needed",
    },
    done: ({ entries }) => (entries === 0 ? "Nothing is that old." : `${count(entries)} entries are in the archive.`),
  });
  return [sign, rotate, archive];
}
