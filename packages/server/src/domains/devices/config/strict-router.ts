/**
 * For tests only: a small IOS that knows nothing of the planner's tables and forgives nothing. It refuses a name that is not there
 * yet, the removal of what is in use or is not there, overlapping addresses, a second AS, a line that it has already.
 */
import { ipv4, maskLength } from "./addresses.ts";

interface Section {
  header: string;
  lines: string[];
}

/** What a section's line is bound to: only one line of each may stand in it. */
const slots: [RegExp, RegExp][] = [
  [
    /^interface/,
    /^(description|mtu|vrf forwarding|ip access-group (?=\S+ in)|ip access-group(?=\S+ out)|ip ospf cost|service-policy (?:input|output)) /,
  ],
  [/^vlan|^vrf/, /^(name|rd) /],
  [/^class /, /^(bandwidth) /],
  [/^route-map/, /^(description|set \S+) /],
  [/^line/, /^(exec-timeout|transport input|password|access-class) |^(login)/],
  [
    /^router bgp/,
    /^(bgp router-id|neighbor \S+ (?:description|remote-as|password|timers|route-map (?=\S+ in)|route-map (?=\S+ out))|network \S+ mask \S+) /,
  ],
  [/^router ospf/, /^(router-id|redistribute \S+|auto-cost reference-bandwidth) /],
];
const topSlots = /^(hostname|username \S+|snmp-server community \S+|banner motd|ip route \S+ \S+ \S+|logging buffered)(?: |$)/;
const headers =
  /^(interface|vlan|vrf definition|ip access-list (?:standard|extended)|route-map|class-map|policy-map|router (?:bgp|ospf)|line|address-family|class) /;

export class StrictRouter {
  readonly refusals: string[] = [];
  #sections = new Map<string, Section>();
  #top: string[] = [];
  #at: string[] = [];
  /** A prefix-list that has just lost its last entry. */
  #emptied: string | undefined;
  readonly #strict: boolean;

  /** `strict: false` loads a text in any order, as at boot. */
  constructor(strict = true) {
    this.#strict = strict;
  }

  type(commands: readonly string[]): this {
    for (const command of commands) this.#command(command);
    return this;
  }

  /** Types a whole text, leaving sections by its indentation. */
  load(text: string): this {
    const banner = /^banner motd \^C([^^]*)\^C/m.exec(text)?.[0];
    if (banner !== undefined) this.#command(banner);
    for (const line of text.replace(banner ?? "", "").split("\n")) {
      if (line.trim() === "" || /^\s*!/.test(line)) continue;
      this.#at.length = Math.min(this.#at.length, line.length - line.trimStart().length);
      this.#command(line.trim());
    }
    this.#at = [];
    return this;
  }

  /** The same router, from now on refusing. */
  toStrict(): StrictRouter {
    const router = new StrictRouter();
    router.#sections = this.#sections;
    router.#top = this.#top;
    return router;
  }

  /** Everything it holds, in one order for equal states. */
  state(): string[] {
    const sections = [...this.#sections.entries()].flatMap(([path, { header, lines: all }]) => {
      // Neighbours are active in IPv4 unicast unless told otherwise, said or not.
      const lines = all.filter((line) => header !== "address-family ipv4" || !line.endsWith(" activate"));
      // A port that nobody speaks of stays shut: by intent as good as absent.
      if (/^interface Gig|^line/.test(header) && lines.every((line) => line === "shutdown")) return [];
      if (header.startsWith("address-family") && !lines.length) return [];
      const isOrdered = /access-list|policy-map/.test(header);
      const said = lines.map((line) => (header.includes("access-list") ? line.replace(/^\d+ /, "") : line));
      // The device itself keeps the class for the rest at the end.
      said.sort((one, other) => Number(one === "class class-default") - Number(other === "class class-default"));
      return [`${path.replace(/ > .*/, "")} > ${header}: ${(isOrdered ? said : said.sort()).join(" | ")}`];
    });
    return [...sections, ...this.#top].sort();
  }

  /** As `show running-config` would print it. */
  running(): string {
    const out = [...this.#top];
    for (const [path, { header, lines }] of this.#sections) {
      if (path.includes(" > ")) continue;
      out.push(header);
      for (const line of lines) {
        const inner = this.#sections.get(`${path} > ${line}`);
        out.push(
          ` ${header.includes("access-list") ? line.replace(/^\d+ /, "") : line}`,
          ...(inner?.lines ?? []).map((deep) => `  ${deep}`),
        );
      }
      for (const [deep, section] of this.#sections) {
        if (!deep.startsWith(`${path} > address-family`)) continue;
        out.push(` ${section.header}`, ...section.lines.map((line) => `  ${line}`), " exit-address-family");
      }
    }
    return ["Building configuration...", "", "version 15.2", "!", ...out, "!", "end", ""].join("\n");
  }

  #refuse(command: string, why: string): void {
    if (this.#strict) this.refusals.push(`${[...this.#at, command].join(" > ")}: ${why}`);
  }

  #pathOf(header: string): string {
    const key = header
      .replace(/^(route-map \S+) (?:permit|deny)/, "$1")
      .replace(/^class-map match-\S+/, "class-map")
      .replace(/^router bgp.*/, "router bgp");
    return [...this.#at, key].join(" > ");
  }

  #command(command: string): void {
    const emptied = this.#emptied;
    this.#emptied = undefined;
    // The one entry of a list may be changed by taking it away and putting another, in one go.
    if (emptied !== undefined && !command.startsWith(`ip prefix-list ${emptied} `)) this.#notUsed(command, emptied, "prefix-list");
    if (command === "exit" || command === "exit-address-family") {
      if (!this.#at.pop()) this.#refuse(command, "already at the top");
      return;
    }
    const resequence = /^ip access-list resequence (\S+) (\d+) (\d+)$/.exec(command);
    if (resequence) return this.#resequence(resequence[1] ?? "", Number(resequence[2]));
    if (command.startsWith("no ") && command !== "no shutdown") return this.#no(command.slice(3));
    if (headers.test(command) && !(this.#at.length && !/^(address-family|class) /.test(command))) return this.#enter(command);
    this.#line(command);
  }

  #enter(header: string): void {
    const path = this.#pathOf(header);
    const old = this.#sections.get(path);
    if (header.startsWith("router bgp") && old && old.header !== header)
      return this.#refuse(header, `BGP is already running; AS is ${old.header}`);
    if (header.startsWith("class ")) {
      if (!old) this.#sections.get(this.#at.join(" > "))?.lines.push(header);
      if (header !== "class class-default") this.#needs(header, header.slice(6), "class-map");
    }
    if (old) old.header = header;
    else this.#sections.set(path, { header, lines: [] });
    this.#at.push(path.split(" > ").at(-1) ?? "");
  }

  #here(): Section | undefined {
    return this.#sections.get(this.#at.join(" > "));
  }

  #line(text: string): void {
    const section = this.#here();
    const lines = section?.lines ?? this.#top;
    const header = section?.header ?? "";
    if (text === "no shutdown") return this.#drop(lines, "shutdown", text);
    if (header.includes("access-list")) return this.#entry(lines, text);
    this.#check(header, lines, text);
    if (header.startsWith("route-map") && text.startsWith("match ip address ")) return this.#match(lines, text);
    const slot = this.#slotOf(header, text);
    const at = lines.findIndex((line) => line === text || (slot !== undefined && this.#slotOf(header, line) === slot));
    if (lines[at] === text) this.#refuse(text, "it is there already");
    else if (at >= 0 && /^ip prefix-list|^network .* area /.test(text)) this.#refuse(text, "% Insertion failed");
    else if (at >= 0) lines[at] = text;
    else lines.push(text);
    if (text.startsWith("vrf forwarding")) lines.splice(0, lines.length, ...lines.filter((line) => !line.startsWith("ip address")));
  }

  #slotOf(header: string, text: string): string | undefined {
    if (header === "") return /^ip prefix-list \S+ seq \d+/.exec(text)?.[0] ?? topSlots.exec(text)?.[1];
    if (header.startsWith("interface") && /^ip address .*(?<!secondary)$/.test(text)) return "ip address";
    if (header.startsWith("router ospf") && text.startsWith("network")) return text.replace(/ area .*/, "");
    if (/^ip access-group|^neighbor \S+ route-map/.test(text)) return text.replace(/(access-group|route-map) \S+/, "$1");
    for (const [where, what] of slots) {
      const found = where.test(header) ? what.exec(text) : undefined;
      if (found) return found[1] ?? found[2];
    }
    return undefined;
  }

  /** Names add up in one line; access lists and prefix-lists do not mix. */
  #match(lines: string[], text: string): void {
    const at = lines.findIndex((line) => line.startsWith("match ip address "));
    const old = lines[at];
    if (old === undefined) lines.push(text);
    else if (old.includes(" prefix-list ") !== text.includes(" prefix-list "))
      this.#refuse(text, "access lists and prefix-lists do not mix");
    else {
      const names = text.replace(/^match ip address (?:prefix-list )?/, "").split(" ");
      if (names.some((name) => old.split(" ").includes(name))) this.#refuse(text, "it is there already");
      lines[at] = [old, ...names].join(" ");
    }
  }

  #noMatch(lines: string[], text: string): void {
    const at = lines.findIndex((line) => line.startsWith("match ip address "));
    const left = (lines[at] ?? "").split(" ");
    const start = text.startsWith("match ip address prefix-list") ? 4 : 3;
    for (const name of text.split(" ").slice(start)) {
      if (!left.includes(name, start)) this.#refuse(`no ${text}`, `${name} is not matched`);
      else left.splice(left.indexOf(name, start), 1);
    }
    if (left.length > start) lines[at] = left.join(" ");
    else lines.splice(at, 1);
  }

  #entry(lines: string[], text: string): void {
    const [, number, says = ""] = /^(?:(\d+) )?(.+)$/.exec(text) ?? [];
    const numbers = lines.map((line) => Number.parseInt(line, 10));
    const place = number === undefined ? Math.max(0, ...numbers) + 10 : Number(number);
    if (numbers.includes(place)) return this.#refuse(text, "% Duplicate sequence number");
    if (lines.some((line) => line.replace(/^\d+ /, "") === says)) return this.#refuse(text, "% the entry is there already");
    lines.push(`${place} ${says}`);
    lines.sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10));
  }

  #resequence(name: string, step: number): void {
    const found = [...this.#sections.values()].find(({ header }) => header.startsWith("ip access-list") && header.endsWith(` ${name}`));
    if (!found) return this.#refuse(`resequence ${name}`, "no such list");
    found.lines = found.lines.map((line, at) => line.replace(/^\d+/, String(step * (at + 1))));
  }

  #drop(lines: string[], text: string, command: string): void {
    const at = lines.findIndex(
      (line) => line === text || line.startsWith(`${text} `) || (/^\d+$/.test(text) && line.startsWith(`${text} `)),
    );
    if (at < 0) return this.#refuse(command, "there is no such line");
    lines.splice(at, 1);
  }

  #no(text: string): void {
    const section = this.#here();
    const path = this.#pathOf(text);
    const target = this.#sections.get(path) ?? this.#sections.get(this.#pathOf(`class-map match-any ${text.split(" ").at(-1)}`));
    const isHeader = headers.test(text) && (!section || /^(address-family|class) /.test(text));
    if (isHeader && target) return this.#removeSection(path, text);
    const lines = section?.lines ?? this.#top;
    const peer = /^neighbor (\S+)(?: peer-group)?$/.exec(text)?.[1];
    if (section?.header.startsWith("router bgp") && peer !== undefined) return this.#removePeer(peer, text);
    if (text.startsWith("match ip address ")) return this.#noMatch(lines, text);
    if (text.startsWith("ip address") && !text.endsWith("secondary") && lines.some((line) => line.endsWith("secondary")))
      this.#refuse(`no ${text}`, "Must delete secondary before deleting primary");
    this.#drop(lines, text, `no ${text}`);
    const list = /^ip prefix-list (\S+) /.exec(text)?.[1];
    if (list !== undefined && !lines.some((line) => line.startsWith(`ip prefix-list ${list} `))) this.#emptied = list;
    if (text.startsWith("vrf forwarding")) lines.splice(0, lines.length, ...lines.filter((line) => !line.startsWith("ip address")));
  }

  #removeSection(path: string, text: string): void {
    if (text.startsWith("interface Gig")) return this.#refuse(`no ${text}`, "% Removal of physical interfaces is not permitted");
    for (const key of this.#sections.keys()) if (key === path || key.startsWith(`${path} > `)) this.#sections.delete(key);
    const owner = this.#here();
    if (owner) owner.lines = owner.lines.filter((line) => line !== text);
    const [, kind = "", name = ""] =
      /^(interface|vlan|vrf|ip access-list|route-map|class-map|policy-map)(?: definition| standard| extended| match-any| match-all)? (\S+)/.exec(
        text,
      ) ?? [];
    const stillThere = [...this.#sections.values()].some(({ header }) => header.startsWith(`${kind} ${name} `));
    if (kind !== "" && !stillThere) this.#notUsed(`no ${text}`, name, kind === "ip access-list" ? "acl" : kind);
  }

  #removePeer(peer: string, text: string): void {
    const all = [...this.#sections.entries()].filter(([path]) => path.startsWith("router bgp")).map(([, section]) => section);
    if (all.some(({ lines }) => lines.some((line) => line.endsWith(` peer-group ${peer}`))))
      this.#refuse(`no ${text}`, "the group has members");
    if (!all.some(({ lines }) => lines.some((line) => line.startsWith(`neighbor ${peer} `))))
      this.#refuse(`no ${text}`, "no such neighbour");
    for (const section of all) section.lines = section.lines.filter((line) => !line.startsWith(`neighbor ${peer} `));
  }

  #references(text: string): [string, string][] {
    const found: [string, string][] = [];
    const see = (pattern: RegExp, kind: string): void => {
      for (const match of text.matchAll(pattern)) for (const name of (match[1] ?? "").split(" ")) found.push([kind, name]);
    };
    see(/(?:access-group|access-class|access-group name) (?!name)(\S+)/g, "acl");
    see(/^match ip address (?!prefix-list)(.+)/g, "acl");
    see(/^match ip address prefix-list (.+)/g, "prefix-list");
    see(/ route-map (\S+)/g, "route-map");
    see(/service-policy \S+ (\S+)/g, "policy-map");
    see(/vrf forwarding (\S+)/g, "vrf");
    see(/^class (?!class-default)(\S+)/g, "class-map");
    return found;
  }

  #exists(kind: string, name: string): boolean {
    if (kind === "prefix-list") return this.#top.some((line) => line.startsWith(`ip prefix-list ${name} `));
    const start: Record<string, RegExp> = {
      acl: /^ip access-list/,
      "route-map": /^route-map/,
      "policy-map": /^policy-map/,
      vrf: /^vrf/,
      "class-map": /^class-map/,
    };
    return [...this.#sections.values()].some(({ header }) => start[kind]?.test(header) && header.split(" ").includes(name));
  }

  #needs(command: string, name: string, kind: string): void {
    if (!this.#exists(kind, name)) this.#refuse(command, `${kind} ${name} is not there yet`);
  }

  #notUsed(command: string, name: string, kind: string): void {
    const texts = [...this.#top, ...[...this.#sections.values()].flatMap(({ lines }) => lines)];
    const user = texts.find((text) => this.#references(text).some(([what, used]) => what === kind && used === name));
    if (user !== undefined) this.#refuse(command, `${kind} ${name} is still used by "${user}"`);
  }

  #check(header: string, lines: string[], text: string): void {
    for (const [kind, name] of this.#references(text)) this.#needs(text, name, kind);
    if (text.startsWith("ip address")) this.#checkAddress(header, lines, text);
    const [, peer, what] = /^neighbor (\S+) (\S+)/.exec(text) ?? [];
    if (peer === undefined) return;
    const own = this.#sections.get("router bgp")?.lines ?? [];
    const says = (start: string): string | undefined => own.find((line) => line === start || line.startsWith(`${start} `));
    if (what === "peer-group" && text.endsWith("peer-group")) return;
    if (what === "peer-group") {
      const group = text.split(" ").at(-1) ?? "";
      if (!own.includes(`neighbor ${group} peer-group`)) this.#refuse(text, "no such peer-group");
      if (!says(`neighbor ${group} remote-as`) && !says(`neighbor ${peer} remote-as`)) this.#refuse(text, "specify remote-as first");
      if (own.some((line) => line.startsWith(`neighbor ${peer} peer-group `))) this.#refuse(text, "it is a member of another group");
    } else if (what !== "remote-as" && !says(`neighbor ${peer} remote-as`) && !says(`neighbor ${peer} peer-group`))
      this.#refuse(text, "specify remote-as or peer-group first");
  }

  #checkAddress(header: string, lines: string[], text: string): void {
    if (text.endsWith("secondary") && !lines.some((line) => line.startsWith("ip address") && !line.endsWith("secondary")))
      this.#refuse(text, "no primary address");
    const block = (line: string): [number, number] => {
      const [, , address = "", mask = ""] = line.split(" ");
      const size = 2 ** (32 - (maskLength(mask) ?? 32));
      const low = Math.floor((ipv4(address) ?? 0) / size) * size;
      return [low, low + size - 1];
    };
    const vrfOf = (all: string[]): string | undefined => all.find((line) => line.startsWith("vrf forwarding"));
    const [low, high] = block(text);
    for (const other of this.#sections.values()) {
      if (!other.header.startsWith("interface") || other.header === header || vrfOf(other.lines) !== vrfOf(lines)) continue;
      const clash = other.lines.find((line) => line.startsWith("ip address") && block(line)[0] <= high && block(line)[1] >= low);
      if (clash !== undefined) this.#refuse(text, `overlaps with ${other.header}`);
    }
  }
}
