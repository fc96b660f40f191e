/** Does a device's answer mean "no"? Pure. When in doubt in configuration mode, it does: a refusal is reverted, an overlooked one is not. */
import { DeviceError } from "../drivers/error.ts";

export interface Refusal {
  /** The device's own words, trimmed. */
  vendorText: string;
  /** Column in the command (from 0) at which the device pointed with a caret. */
  position?: number;
}

export interface RefusalRules {
  /** Lines that start with `%` and are no refusal. */
  harmless: readonly RegExp[];
  /** Lines that do not start with `%` and are one. */
  complaints: readonly RegExp[];
  /** What the device prints by itself. */
  log: RegExp;
}

/** Answer to a line of configuration. @param column where the command stood on the screen */
export function refusalOf(output: string, rules: RefusalRules, column = 0): Refusal | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !rules.log.test(line));
  const bad = lines.some((line) => {
    const text = line.trimStart();
    return text.startsWith("%") ? !rules.harmless.some((one) => one.test(text)) : rules.complaints.some((one) => one.test(text));
  });
  return bad ? saying(lines, column) : undefined;
}

const notUnderstood =
  /^\s*%\s*(?:invalid (?:input|command|parameter)|incomplete command|ambiguous command|unknown command|command incomplete|unrecognized command|authorization failed)|^\s*command authorization failed/i;

/** Answer to a command in exec mode: only "not understood" and "not allowed" are refusals there; other `%` lines are answers. */
export function execRefusalOf(output: string, column = 0): Refusal | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, 4).some((line) => notUnderstood.test(line)) ? saying(lines, column) : undefined;
}

function saying(lines: string[], column: number): Refusal {
  const caret = lines.find((line) => /^\s*\^\s*$/.test(line));
  const vendorText = lines
    .filter((line) => line !== caret)
    .map((line) => line.trim())
    .join("\n");
  return caret === undefined ? { vendorText } : { vendorText, position: Math.max(0, caret.indexOf("^") - column) };
}

export function refusedCommand(name: string, command: string, { vendorText, position }: Refusal): DeviceError {
  const at = position === undefined ? {} : { position };
  return new DeviceError("command_refused", { say: `${name} refused the command "${command}".`, command, vendorText, ...at });
}
