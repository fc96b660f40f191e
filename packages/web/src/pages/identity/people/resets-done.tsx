/** What came of asking everybody for a new password: who got a mail, and the links of all others, once. */
import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import type { RouteOutput } from "../../../app/api.ts";
import { Copy } from "../../../parts/copy.tsx";
import { plural } from "../../../parts/format.ts";
import { Table } from "../../../parts/table.tsx";
import classes from "../settings.module.css";

type Reset = RouteOutput<"people.forceAllResets">["items"][number];

export interface Resets {
  items: readonly Reset[] | undefined;
  show: (items: readonly Reset[] | undefined) => void;
}

export function useResets(): Resets {
  const [items, show] = useState<readonly Reset[]>();
  return { items, show };
}

export function ResetsDone({ resets: { items, show } }: { resets: Resets }) {
  if (items === undefined) return null;
  const mailed = items.filter((item) => item.mailed === true).length;
  const links = items.filter((item) => item.link !== undefined);
  const text = links.map(({ name, link }) => `${name}\t${new URL(link ?? "", location.origin).href}`).join("\n");
  return (
    <Modal
      opened
      onClose={() => show(undefined)}
      title="New passwords are asked for"
      size={720}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <div className={classes["once"]}>
        <p>
          {plural(items.length, "person", "people")} must choose a new password; {plural(mailed, "mail")} went out.
        </p>
        {links.length > 0 && (
          <>
            <p>
              <strong>This is the only time these links are shown.</strong> <Copy text={text} what="all links" />
            </p>
            <Table label="Links" head={[{ label: "Who" }, { label: "One-time link" }]}>
              {links.map(({ name, link }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="mono" style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}>
                    {new URL(link ?? "", location.origin).href}
                  </td>
                </tr>
              ))}
            </Table>
          </>
        )}
        <div className={classes["end"]}>
          <Button onClick={() => show(undefined)} data-autofocus>
            I have kept them
          </Button>
        </div>
      </div>
    </Modal>
  );
}
