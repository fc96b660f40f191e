/** A one-time link that was made: where it went, or the link itself, this once. */
import { Button, Modal } from "@mantine/core";
import { Copy } from "../../../parts/copy.tsx";
import { When } from "../../../parts/when.tsx";
import classes from "../settings.module.css";

export interface MadeLink {
  title: string;
  /** Who it is for. */
  name: string;
  mailed: boolean;
  expiresAt: string;
  link?: string | undefined;
  because?: string | undefined;
}

export function ShownLink({ made, close }: { made: MadeLink; close: () => void }) {
  const { title, name, mailed, expiresAt, link, because } = made;
  return (
    <Modal opened onClose={close} title={title} size={560} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false}>
      <div className={classes["once"]}>
        {mailed ? (
          <p>A mail with a one-time link is on its way to {name}.</p>
        ) : (
          <>
            <p>
              <strong>This is the only time it is shown.</strong> Give it to {name} in a way you trust; whoever opens it first chooses the
              password.
            </p>
            {link !== undefined && (
              <div className={classes["key"]}>
                <code className="mono" style={{ flex: 1 }}>
                  {whole(link)}
                </code>
                <Copy text={whole(link)} what="link" />
              </div>
            )}
            {because !== undefined && <p className="dim">It was not mailed: {because}</p>}
          </>
        )}
        <p className="dim">
          It ends <When at={expiresAt} />, and counts once.
        </p>
        <div className={classes["end"]}>
          <Button onClick={close} data-autofocus>
            {mailed ? "Close" : "I have kept it"}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Where no public address is set the server gives a path; it is of the address that this page has. */
function whole(link: string): string {
  return new URL(link, location.origin).href;
}
