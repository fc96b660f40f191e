/** `npm run bench -- <name>`: one benchmark, in its own process. Each prints figures and a ratio against a named peer of the same run. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const benches = readdirSync(here)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""));
const [wanted, ...rest] = process.argv.slice(2);
/** The devices' benchmark is two: the fleet, and the configuration engine. */
const names = wanted === "devices" ? ["fleet", "config"] : wanted !== undefined && benches.includes(wanted) ? [wanted] : [];
if (names.length === 0) {
  console.error(`Which one? npm run bench -- devices, or one of: ${benches.join(", ")}`);
  process.exit(4);
}
for (const name of names) {
  const child = spawn(process.execPath, ["--expose-gc", `${here}${name}.bench.ts`, ...rest], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) process.exit(code ?? 1);
}
