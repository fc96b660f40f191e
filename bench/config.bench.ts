/** Parse, diff and plan of a 10 000-line IOS configuration, beside hier_config on the same two texts in the same run. */
import { diffConfigs, parseConfig, planCommands } from "../packages/server/src/domains/devices/config/index.ts";
import { runPeer } from "./peers.ts";

const repeats = 9;

/** About ten lines for each of 1000 interfaces, and what surrounds them; `changed` differs in about 320 lines. */
function bigConfig(interfaces: number, changed: boolean): string {
  const lines = ["version 15.2", "service timestamps log datetime msec", "hostname core", "!"];
  for (let id = 2; id < 60; id++) lines.push(`vlan ${id}`, ` name VLAN_${id}`, "!");
  lines.push("ip access-list extended EDGE");
  for (let port = 1; port <= 60; port++) lines.push(` permit tcp any any eq ${changed && port % 20 === 0 ? port + 1000 : port}`);
  lines.push(" deny ip any any", "!");
  for (let at = 0; at < interfaces; at++) {
    const touched = changed && at % 10 === 0;
    lines.push(
      `interface GigabitEthernet${1 + Math.floor(at / 480)}/${Math.floor(at / 48) % 10}/${at % 48}`,
      ` description port ${at}`,
      ` ip address 10.${Math.floor(at / 250)}.${at % 250}.1 255.255.255.0`,
      " no ip redirects",
      " ip access-group EDGE in",
      ` ip ospf cost ${touched ? 20 : 10}`,
      ...(changed && at % 25 === 0 ? [" mtu 9000"] : [" load-interval 30"]),
      " ip ospf 1 area 0",
      "!",
    );
  }
  lines.push("router ospf 1", " router-id 10.0.0.1", " passive-interface default", "!", "router bgp 65000");
  for (let peer = 1; peer <= 60; peer++)
    lines.push(` neighbor 10.255.0.${peer} remote-as ${65_000 + peer}`, ` neighbor 10.255.0.${peer} description peer ${peer}`);
  lines.push("!");
  for (let route = 0; route < 600; route++)
    lines.push(`ip route 172.${16 + Math.floor(route / 250)}.${route % 250}.0 255.255.255.0 10.0.0.${changed && route % 30 === 0 ? 2 : 1}`);
  lines.push("line vty 0 4", ` exec-timeout ${changed ? 5 : 10} 0`, " transport input ssh", "end");
  return `${lines.join("\n")}\n`;
}

/** Milliseconds, the best of the repeats for both sides alike: what else the machine does is not measured. */
interface Timing {
  parseMs: number;
  planMs: number;
  commands: number;
}

interface Ours {
  parseMs: number;
  /** From the two texts to the diff for people. */
  diffMs: number;
  /** From the two texts to the commands in order. */
  planMs: number;
  commands: number;
  changed: number;
}

function bestOf<T>(work: () => T): { ms: number; result: T } {
  let ms = Infinity;
  let result = work();
  for (let round = 0; round < repeats; round++) {
    const start = performance.now();
    result = work();
    ms = Math.min(ms, performance.now() - start);
  }
  return { ms, result };
}

function timeOurs(running: string, intended: string): Ours {
  const parse = bestOf(() => [parseConfig(running, "ios"), parseConfig(intended, "ios")]);
  const diff = bestOf(() => diffConfigs(running, intended, "ios"));
  const plan = bestOf(() => planCommands(running, intended, "ios"));
  const changed = diff.result.added + diff.result.removed;
  return { parseMs: parse.ms, diffMs: diff.ms, planMs: plan.ms, commands: plan.result.length, changed };
}

function one(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Diff and plan each parse both texts anew, as those who call them do; nothing is taken off for that. */
function row({ parseMs, diffMs, planMs, commands }: Ours): Record<string, number> {
  return {
    "parse both ms": one(parseMs),
    "diff from texts ms": one(diffMs),
    "plan from texts ms": one(planMs),
    "diff + plan ms": one(diffMs + planMs),
    commands,
  };
}

const [running, intended] = [bigConfig(1000, false), bigConfig(1000, true)];
const ours = timeOurs(running, intended);
const large = timeOurs(bigConfig(10_000, false), bigConfig(10_000, true));
const peer = await runPeer<Timing>("hier_config_peer.py", { running, intended, repeats });
const [all, theirs] = [ours.diffMs + ours.planMs, peer.parseMs + peer.planMs];
console.info(`two configurations of ${running.split("\n").length - 1} lines, ${ours.changed} changed lines`);
console.table({
  holdfast: row(ours),
  "holdfast, ten times the size": row(large),
  "hier_config 3.7.1": { "parse both ms": one(peer.parseMs), "plan from texts ms": one(theirs), commands: peer.commands },
});
const met = all < 50 && theirs / all >= 7;
console.info(
  `diff and plan ${one(all)} ms (goal: under 50), ${one(theirs / all)} times as fast as hier_config's plan alone (goal: 7); plan against plan ${one(theirs / ours.planMs)} times: ${met ? "met" : "MISSED"}`,
);
process.exitCode = met ? 0 : 1;
