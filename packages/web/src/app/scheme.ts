/** Light, dark or as the system says; kept under the key that `public/scheme.js` reads before the first paint. */
import { isMantineColorScheme, type MantineColorScheme, type MantineColorSchemeManager } from "@mantine/core";

const key = "holdfast-scheme";

function kept(): MantineColorScheme | undefined {
  try {
    const value = localStorage.getItem(key);
    return isMantineColorScheme(value) ? value : undefined;
  } catch {
    return undefined; // storage is switched off
  }
}

export const schemeManager: MantineColorSchemeManager = {
  get: (otherwise) => kept() ?? otherwise,
  set: (value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
  },
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => localStorage.removeItem(key),
};
