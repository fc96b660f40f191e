/** Says of a User-Agent header what a person recognises. Pure; a guess, and good for nothing else. */

const browsers: [RegExp, string][] = [
  [/\bholdfast-cli\b/, "holdfast"],
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bChromium\/|\b(?:Headless)?Chrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];
const systems: [RegExp, string][] = [
  [/\bAndroid\b/, "Android"],
  [/\biPhone\b|\biPad\b/, "iOS"],
  [/\bWindows\b|\bwin32\b/, "Windows"],
  [/\bMac OS X\b|\bdarwin\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b|\blinux\b/, "Linux"],
];

/** E.g. `Firefox on Linux`; a program's own first word; `unknown` when it says nothing. */
export function deviceOf(userAgent: string | null): string {
  const text = userAgent?.trim() ?? "";
  if (text === "") return "unknown";
  const named = browsers.find(([pattern]) => pattern.test(text))?.[1];
  const system = systems.find(([pattern]) => pattern.test(text))?.[1];
  const program = named ?? (/^[\w.-]{1,40}/.exec(text)?.[0] || "unknown");
  return system === undefined ? program : `${program} on ${system}`;
}
