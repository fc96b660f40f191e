/** Copies a text; says so. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";

export function Copy({ text, what }: { text: string; what: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Tooltip label={clipboard.copied ? "Copied" : `Copy ${what}`}>
      <ActionIcon size="sm" aria-label={clipboard.copied ? `${what} copied` : `Copy ${what}`} onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** A short form of something long (a hash, an id), the whole of it on hover and one click away. */
export function Shortened({ text, shown, what }: { text: string; shown: string; what: string }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 2 }}>
      <Tooltip label={<span className="mono">{text}</span>}>
        <span className="mono">{shown}</span>
      </Tooltip>
      <Copy text={text} what={what} />
    </span>
  );
}
