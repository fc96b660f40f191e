/** Listens for the keys that work on every page. */
import { useWindowEvent } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { isTyping, meaning, waitMs } from "./keys.ts";
import { useSingleKeys } from "./single-keys.ts";

export function useKeyboard(parts: { onHelp: () => void; onPalette: () => void }): void {
  const navigate = useNavigate();
  const waitingSince = useRef(Number.NEGATIVE_INFINITY);
  const single = useSingleKeys();
  useWindowEvent("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      parts.onPalette();
      return;
    }
    if (!single || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('[role="dialog"][aria-modal="true"]') !== null) return;
    const waiting = event.timeStamp - waitingSince.current < waitMs;
    const stroke = meaning(event.key, waiting);
    waitingSince.current = Number.NEGATIVE_INFINITY;
    if (stroke === undefined) return;
    event.preventDefault();
    if ("wait" in stroke) waitingSince.current = event.timeStamp;
    else if ("go" in stroke) void navigate({ to: stroke.go });
    else if (stroke.do === "help") parts.onHelp();
    else document.querySelector<HTMLInputElement>("[data-filter]")?.focus();
  });
}
