/** How this program calls itself, so that its session is recognised in the list of sessions. */
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** A header of every request that opens or renews a session. */
export const userAgent = { "user-agent": `holdfast-cli/${version} (${process.platform})` };
