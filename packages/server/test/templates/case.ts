/** Templates with data, run here and in Python's Jinja2: the same text, or an error in both. */
import { Float, type TemplateData } from "../../src/domains/devices/templates/index.ts";

export interface TemplateCase {
  name: string;
  /** Templates by name; `main` is rendered. */
  files: Record<string, string>;
  data: Record<string, TemplateData>;
  /** Why Holdfast refuses what Jinja2 takes; such cases must fail here whatever Python says. */
  refused?: string;
}

/** What most cases render with. */
export const plant: Record<string, TemplateData> = {
  hostname: "edge-1",
  site: "lyon",
  n: 7,
  zero: 0,
  negative: -3,
  big: 123456789012345678901234567890n,
  ratio: 2.5,
  whole: new Float(4),
  yes: true,
  no: false,
  nothing: null,
  empty: "",
  text: "hello World",
  padded: "  spaced out\t\n",
  lines: "one\ntwo\n\nthree",
  accent: "Zürich 😀 naïve",
  list: [3, 1, 2],
  words: ["delta", "Alpha", "charlie", "bravo", "alpha"],
  mixed: [1, "a", null, true, new Float(1.5), [1, 2], { k: "v" }],
  nested: [[1, 2], [3, 4], [5]],
  none: [],
  map: { b: 2, a: 1, C: 3 },
  vlans: new Map<TemplateData, TemplateData>([
    [20, { name: "voice", ports: ["e3"] }],
    [10, { name: "data", ports: ["e1", "e2"] }],
  ]),
  device: { name: "edge-1", platform: "frr", labels: { role: "edge", tier: "gold" }, items: "shadowed", "odd key": 1 },
  interfaces: [
    { name: "eth0", ip: "10.0.0.1/30", mtu: 1500, enabled: true, vrf: "red" },
    { name: "eth1", ip: "10.0.1.1/24", mtu: 9000, enabled: false, vrf: "blue" },
    { name: "lo", ip: "192.0.2.1/32", enabled: true, vrf: "Red" },
  ],
  neighbors: [
    { address: "10.0.0.2", asn: 65002 },
    { address: "10.0.1.2", asn: 65003, password: "s3cret" },
  ],
};

/** A case of one template over the plant, named by its text. */
export function same(template: string): TemplateCase {
  return { name: template, files: { main: template }, data: plant };
}

export function refused(template: string, why: string): TemplateCase {
  return { ...same(template), refused: why };
}

export function many(name: string, files: Record<string, string>): TemplateCase {
  return { name, files, data: plant };
}
