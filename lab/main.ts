/** `npm run lab -- up|status|demo|down`: real routers in network namespaces of this machine, which itself is left as it is. */
import { parseArgs } from "node:util";
import { labUnavailable, LabProblem, prepareHost } from "./host.ts";
import { buildLab, findLab, labDirectory, neighborsOf, razeLab, wantedOf } from "./lab.ts";
import { namespacesOf } from "./network.ts";

const name = "hf-lab";
const usage = `npm run lab -- up [--routers 6]   builds the lab (3 to 100 routers); one that is up is built anew
npm run lab -- status             what is up, and every router's sessions
npm run lab -- demo               the main job on these routers, with pings running; builds the lab if need be
npm run lab -- down               takes everything away`;

const tell = (line: string): void => console.log(line);

async function up(routers: number): Promise<void> {
  prepareHost(tell);
  const lab = await buildLab({ name, routers, tell });
  tell(`\nRouters: ${lab.topology.routers.map((router) => router.name).join(" ")}`);
  const [first] = lab.topology.routers;
  const door = lab.doors[first?.name ?? ""];
  tell(
    `Sign in: ssh -i ${lab.directory}/user_key -p ${door?.port} ${lab.user}@127.0.0.1   (${first?.name}; the password is in ${lab.directory}/lab.json)`,
  );
  tell(`Play:    npm run lab -- demo\nEnd:     npm run lab -- down`);
}

async function down(): Promise<void> {
  if (process.getuid?.() !== 0) throw new LabProblem("The lab is taken away by root, who built it.");
  const { processes, namespaces } = await razeLab(name);
  const left = await namespacesOf(name);
  if (left.length > 0) throw new LabProblem(`These namespaces are still there: ${left.join(" ")}`);
  tell(namespaces === 0 ? "No lab was up." : `Gone: ${namespaces} namespaces, ${processes} processes, ${labDirectory(name)}.`);
}

async function status(): Promise<number> {
  const lab = await findLab(name);
  if (!lab) {
    tell(`No lab is up.${labUnavailable() ? ` Here: ${labUnavailable()}.` : ""}`);
    return 3;
  }
  let whole = true;
  for (const router of lab.topology.routers) {
    const wants = wantedOf(router);
    const has = await neighborsOf(lab, router.name).catch(() => undefined);
    const fine = has !== undefined && has.ospf >= wants.ospf && has.bgp >= wants.bgp;
    whole &&= fine;
    const sessions = has ? `OSPF ${has.ospf}/${wants.ospf}  BGP ${has.bgp}/${wants.bgp}` : "does not answer";
    tell(`${router.name.padEnd(10)} AS ${router.as}  127.0.0.1:${lab.doors[router.name]?.port}  ${sessions}`);
  }
  return whole ? 0 : 1;
}

async function demo(routers: number): Promise<number> {
  prepareHost(tell);
  const lab = (await findLab(name)) ?? (await buildLab({ name, routers, tell }));
  const { playOnLab } = await import("./demo.ts");
  return (await playOnLab(lab)) ? 0 : 1;
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { routers: { type: "string", default: "6" }, help: { type: "boolean", short: "h" } },
  });
  const routers = Number(values.routers);
  if (!Number.isInteger(routers) || routers < 3 || routers > 100) throw new LabProblem("--routers: a number from 3 to 100.");
  switch (positionals[0]) {
    case "up":
      await up(routers);
      return 0;
    case "down":
      await down();
      return 0;
    case "status":
      return status();
    case "demo":
      return demo(routers);
    default:
      tell(usage);
      return values.help ? 0 : 2;
  }
}

// Who reads us may stop early (`npm run lab -- up | head`): what was begun is finished all the same, so that nothing is left half built.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "EPIPE") throw thrown;
  });

try {
  process.exitCode = await main();
} catch (thrown) {
  console.error(thrown instanceof LabProblem ? thrown.message : thrown);
  process.exitCode = 1;
}
