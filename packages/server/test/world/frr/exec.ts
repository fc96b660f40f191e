/** What vtysh can be told to do outside the configuration. */
import { execTable, type Args, type ExecRule } from "../exec.ts";
import { ipNumber } from "../grammar/values.ts";
import type { Router } from "../router.ts";
import type { Reply } from "../shell.ts";
import type { FrrShell } from "./shell.ts";
import * as show from "./show.ts";
import { frrTypes } from "./types.ts";

type Rule = ExecRule<FrrShell>;

const shown = (form: string, answer: (router: Router, args: Args) => string, enabled = false): Rule => ({
  form: `show ${form}`,
  ...(enabled ? { enabled: true } : {}),
  run: (shell, args) => answer(shell.router, args),
});

const shows: Rule[] = [
  shown("running-config", (router) => show.runningConfig(router), true),
  shown("running-config no-header", (router) => show.runningWithoutHeader(router), true),
  shown("startup-config", () => "", true),
  shown("version", (router) => show.version(router)),
  shown("interface", (router) => show.interfaces(router)),
  shown("interface json", (router) => show.interfacesJson(router)),
  shown("interface brief", (router) => show.interfaceBrief(router)),
  shown("interface brief json", (router) => show.interfaceBriefJson(router)),
  shown("interface description", (router) => show.interfaceDescription(router)),
  shown("interface <interface:ifname>", (router, args) => show.interfaces(router, args["interface"])),
  shown("interface <interface:ifname> json", (router, args) => show.interfacesJson(router, args["interface"])),
  shown("ip ospf neighbor", (router) => show.ospfNeighbors(router)),
  shown("ip ospf neighbor json", (router) => show.ospfNeighborsJson(router)),
  shown("[ip] bgp [ipv4 unicast] summary", (router) => show.bgpSummary(router)),
  shown("[ip] bgp [ipv4 unicast] summary json", (router) => show.bgpSummaryJson(router)),
  shown("ip route", (router) => show.routes(router)),
  shown("memory", (router) => show.memory(router)),
  shown("daemons", () => " zebra ospfd bgpd staticd"),
];

const file = "/etc/frr/frr.conf";
const notes = `Note: this version of vtysh never writes vtysh.conf

Warning: attempting direct configuration write without watchfrr.
File permissions and ownership may be incorrect, or write may fail.

Building Configuration...`;

function write(shell: FrrShell): string | Reply {
  if (shell.router.save(shell.user)) return `${notes}\nIntegrated configuration saved to ${file}\n[OK]`;
  return { text: `${notes}\n% Error: failed to open configuration file ${file}: No space left on device`, failed: true };
}

/** Like the host's own: it goes on until it is told to stop. */
async function ping(shell: FrrShell, args: Args): Promise<string> {
  const target = args["target"]!;
  const address = ipNumber(target);
  if (address === undefined) return `ping: ${target}: Name or service not known`;
  shell.print(`PING ${target} (${target}) 56(84) bytes of data.\n`);
  const startedAt = shell.router.clock.now();
  let sent = 0;
  let back = 0;
  await shell.stoppable(async (stopped, isStopped) => {
    while (!isStopped()) {
      sent += 1;
      if (shell.router.network.reaches(shell.router.name, address)) {
        back += 1;
        shell.print(`64 bytes from ${target}: icmp_seq=${sent} ttl=64 time=0.04${sent % 10} ms\n`);
      }
      await shell.pause(1000, stopped);
    }
  });
  const lost = Math.round(((sent - back) * 100) / sent);
  const took = Math.round(shell.router.clock.now() - startedAt);
  return `^C\n--- ${target} ping statistics ---\n${sent} packets transmitted, ${back} received, ${lost}% packet loss, time ${took}ms`;
}

const quiet = (form: string): Rule => ({ form, run: () => "" });

const leave = (shell: FrrShell): string => {
  shell.logout();
  return "";
};

const switchMode = (enabled: boolean) => (shell: FrrShell) => {
  shell.enabled = enabled;
  return "";
};

export const frrExec = execTable<FrrShell>(
  [
    ...shows,
    { form: "configure [terminal]", enabled: true, run: (shell) => shell.enterConfig() },
    { form: "write [memory]", enabled: true, run: write },
    { form: "copy running-config startup-config", enabled: true, run: write },
    { form: "ping <target>", run: ping },
    quiet("terminal length <lines:0-512>"),
    quiet("terminal monitor"),
    quiet("end"),
    { form: "enable", run: switchMode(true) },
    { form: "disable", run: switchMode(false) },
    { form: "(exit|quit)", run: leave },
  ],
  { types: frrTypes, patient: true },
);
