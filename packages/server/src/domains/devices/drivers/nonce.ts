/** Comments that nobody else would write: where one is echoed, a prompt stands, and the output before it is over. Pure. */

const nonceMark = "!holdfast-";

/** A comment on every platform we speak to, and unlike anything that a device prints. */
export function nonce(random: string): string {
  return nonceMark + random;
}

/** Whether a command is such a comment. */
export function isNonce(command: string): boolean {
  return command.startsWith(nonceMark);
}

/** A comment written early is echoed where the cursor then was; it is unlike anything else, so it can be taken out again. */
export function withoutStray(lines: string[], later: readonly { bytes: string; command: string }[]): string[] {
  for (const { bytes, command } of later) {
    const at = isNonce(command) ? lines.findIndex((line) => line.endsWith(bytes)) : -1;
    const joined = at < 0 ? "" : (lines[at] ?? "").slice(0, -bytes.length) + (lines[at + 1] ?? "");
    if (at >= 0) lines.splice(at, 2, ...(joined === "" && at === lines.length - 1 ? [] : [joined]));
  }
  return lines;
}
