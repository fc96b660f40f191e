/** Puts the focus on a field when the page that has nothing else appears. */
import { useCallback } from "react";

export function useFocusOnce(): (element: HTMLElement | null) => void {
  return useCallback((element: HTMLElement | null) => element?.focus(), []);
}
