/**
 * What devices print: made by hand, in `made/`; and recorded by others, in `HOLDFAST_RECORDED_DATA` or `shared/data` beside the checkout. Where
 * the latter is not, a test goes by the former alone, and says so.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = process.env["HOLDFAST_RECORDED_DATA"] ?? resolve(import.meta.dirname, "../../../../..", "shared/data");

/** Folders of such data, ours first. */
export function recorded(folder: string, whatIsNotTried: string): string[] {
  const [made, others] = [join(import.meta.dirname, "made", folder), join(root, folder)];
  if (existsSync(others)) return [made, others];
  console.warn(`NOT TRIED: no recorded data in ${others}; ${whatIsNotTried}.`);
  return [made];
}
