/** Where recorded device data lies: `HOLDFAST_RECORDED_DATA`, or `shared/data` beside the checkout. A test that finds none skips, and says so. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = process.env["HOLDFAST_RECORDED_DATA"] ?? resolve(import.meta.dirname, "../../../../..", "shared/data");

/** A folder of recorded data; undefined when it is not there. */
export function recorded(folder: string, whatIsNotTried: string): string | undefined {
  const place = join(root, folder);
  if (existsSync(place)) return place;
  console.warn(`SKIPPED: no recorded data in ${place}; ${whatIsNotTried}.`);
  return undefined;
}
