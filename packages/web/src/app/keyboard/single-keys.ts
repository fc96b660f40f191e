/** Keys without a modifier can be switched off: speech and switch users hit them by accident (WCAG 2.1.4). */
import { useLocalStorage } from "@mantine/hooks";

const key = "holdfast-single-keys";

export function useSingleKeys(): boolean {
  return useSingleKeysSwitch()[0];
}

export function useSingleKeysSwitch(): [on: boolean, set: (on: boolean) => void] {
  const [on, set] = useLocalStorage({ key, defaultValue: true, getInitialValueInEffect: false });
  return [on, set];
}
