/** Configuration, line by line: in order, up to the first line that the device refuses, and out of configuration mode again. */
import { DeviceError } from "../drivers/error.ts";
import type { Shell } from "../drivers/shell.ts";
import type { Dialect } from "./dialect.ts";
import { refusalOf, refusedCommand, type Refusal } from "./refusal.ts";
import type { Configured } from "./session.ts";

interface Step {
  index: number;
  command: string;
  /** Of the shell's reply. */
  number: number;
}

interface Place {
  shell: Shell;
  dialect: Dialect;
  name: string;
}

export async function configure(
  { shell, dialect, name }: Place,
  lines: readonly string[],
  mayGoOn: () => void = () => undefined,
): Promise<Configured> {
  shell.forget();
  await enter(shell, name);
  const steps: Step[] = [];
  let refused: { step: Step; refusal: Refusal } | undefined;
  for (let at = 0, takes = 1; at < lines.length && !refused; at += takes) {
    const block = dialect.blockAt(lines, at) ?? { command: (lines[at] ?? "").trim(), text: [], takes: 1 };
    ({ takes } = block);
    if (isNothing(block.command)) continue;
    // A line such as `exit` at the top left configuration mode; the next one belongs there again.
    if (shell.prompt?.mode === "") await enter(shell, name);
    const { command, text } = block;
    mayGoOn();
    const reply = await shell.send(command, { rules: dialect.asks(command), rename: dialect.renames(command), block: text });
    const step = { index: at, command, number: reply.number };
    steps.push(step);
    const refusal = refusalOf(reply.output, dialect.refusals, shell.column(reply.number));
    if (refusal) refused = { step, refusal };
  }
  await leave(shell, name);
  // What a device says late stands behind the prompt of its line; it is known only now.
  refused =
    steps
      .map((step) => ({ step, refusal: refusalOf(shell.final(step.number), dialect.refusals, shell.column(step.number)) }))
      .find(isRefused) ?? refused;
  const sent = (steps.at(-1)?.index ?? -1) + 1;
  if (!refused) return { sent: lines.length };
  const { step, refusal } = refused;
  return {
    sent,
    refused: { index: step.index, line: lines[step.index] ?? step.command, ...refusal, ...shifted(refusal, lines[step.index] ?? "") },
  };
}

function isRefused(one: { step: Step; refusal: Refusal | undefined }): one is { step: Step; refusal: Refusal } {
  return one.refusal !== undefined;
}

/** The device points into what was sent, which has no indentation. */
function shifted({ position }: Refusal, line: string): { position?: number } {
  return position === undefined ? {} : { position: position + line.length - line.trimStart().length };
}

function isNothing(command: string): boolean {
  return command === "" || command.startsWith("!") || command === "end";
}

async function enter(shell: Shell, name: string): Promise<void> {
  const command = "configure terminal";
  const { prompt, output } = await shell.send(command);
  if (prompt.mode.startsWith("config")) return;
  throw refusedCommand(name, command, { vendorText: output.trim() });
}

async function leave(shell: Shell, name: string): Promise<void> {
  if (shell.prompt?.mode === "") return;
  const { prompt } = await shell.send("end");
  if (prompt.mode !== "") throw new DeviceError("out_of_step", { say: `${name} did not leave configuration mode.` });
}
