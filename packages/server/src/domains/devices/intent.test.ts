import type { DeviceSpec } from "@holdfast/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDeviceDocuments, parseDeviceDocuments, readIntent, renderDevice } from "./intent.ts";

const device = (name: string, spec = "platform: frr, address: 10.0.0.1, site: lyon", labels = "role: edge") =>
  `apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: ${name}, labels: { ${labels} } }\nspec: { ${spec} }\n`;
const intentOf = (files: Record<string, string>) => readIntent(new Map(Object.entries(files)));
const problemsOf = (files: Record<string, string>) => intentOf(files).problems.map(({ at, say }) => `${at} ${say}`);
const textOf = (files: Record<string, string>, name = "r1") => {
  const rendered = renderDevice(intentOf(files), name);
  return "problem" in rendered ? `${rendered.problem.at} ${rendered.problem.code}: ${rendered.problem.say}` : rendered.text;
};
const template = "templates/frr/device.j2";

describe("the inventory", () => {
  test("is every Device document below inventory/, with its place", () => {
    const intent = intentOf({
      "inventory/lyon/edge.yaml": `# two\n${device("r1")}---\n${device("r2")}`,
      "inventory/paris.yml": device("r3"),
      "README.md": "no",
    });
    expect(intent.problems).toEqual([]);
    expect(intent.devices.map(({ spec, where, template: path }) => [spec.name, where.file, where.line, path])).toEqual([
      ["r1", "inventory/lyon/edge.yaml", 4, template],
      ["r2", "inventory/lyon/edge.yaml", 9, template],
      ["r3", "inventory/paris.yml", 3, template],
    ]);
    expect(intent.devices[0]?.spec).toMatchObject({
      platform: "frr",
      port: 22,
      site: "lyon",
      labels: { role: "edge" },
      driftMode: "alert",
    });
  });

  test("one bad device never hides the others, and each fault has its line", () => {
    const text = [
      device("good1"),
      "apiVersion: holdfast/v1\nkind: Device\nmetadata:\n  name: bad1\nspec:\n  platform: vms\n  address: 10.0.0.1\n  prot: 22\n",
      "apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: bad2 }\nspec:\n  platform: frr\n  port: 70000\n",
      "a: [1\n",
      device("good2"),
      "just text\n",
      device("bad3", 'platform: frr, address: 10.0.0.1, port: "22", bastion: bad3'),
      "apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: bad4 }\nspec: { platform: frr, address: x, platform: ios }\n",
      device("good3"),
    ].join("---\n");
    const intent = intentOf({ "inventory/a.yaml": text });
    expect(intent.devices.map(({ spec }) => spec.name)).toEqual(["good1", "good2", "good3"]);
    expect(intent.problems.map(({ at, say }) => `${at} ${say}`)).toEqual([
      "inventory/a.yaml:11 spec.platform: must be ios or frr",
      "inventory/a.yaml:13 spec.prot: there is no such member",
      "inventory/a.yaml:18 spec.address: must be given",
      expect.stringContaining("inventory/a.yaml:20 spec.port: "),
      expect.stringContaining("inventory/a.yaml:23 Flow sequence in block collection"),
      "inventory/a.yaml:29 the document: must be a mapping",
      "inventory/a.yaml:34 spec.port: must be a number",
      "inventory/a.yaml:39 The key platform stands twice in this mapping.",
    ]);
  });

  test("a name that stands twice counts for neither", () => {
    const files = { "inventory/a.yaml": `${device("r1")}---\n${device("r2")}`, "inventory/b.yaml": device("r1") };
    expect(intentOf(files).devices.map(({ spec }) => spec.name)).toEqual(["r2"]);
    expect(problemsOf(files)).toEqual([
      "inventory/a.yaml:3 r1 stands at inventory/b.yaml:3 too; none of them counts.",
      "inventory/b.yaml:3 r1 stands at inventory/a.yaml:3 too; none of them counts.",
    ]);
  });

  test("a device that names no template, itself as bastion, a template that is not there", () => {
    const files = {
      "inventory/a.yaml": `${device("r1", "platform: frr, address: a, template: templates/edge.j2")}---\n${device("r2", "platform: frr, address: a, bastion: r2")}---\n${device("r3", "platform: frr, address: a, template: ../../etc/passwd")}`,
    };
    expect(problemsOf(files)).toEqual([
      "inventory/a.yaml:3 r1 wants templates/edge.j2, which this revision does not have.",
      "inventory/a.yaml:9 spec.bastion: a device cannot be its own bastion",
      "inventory/a.yaml:14 spec.template: a path such as templates/frr/edge.j2",
    ]);
  });

  test("written out and read again it is the same, for every reader of YAML", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
    const tricky = fc.oneof(
      fc.constantFrom(
        "yes",
        "no",
        "on",
        "null",
        "~",
        "1",
        "010",
        "1.0",
        "1e3",
        "0x1f",
        "12:30:45",
        "2024-01-01",
        "a: b",
        "# c",
        "- d",
        "'",
        '"',
        "\n",
        " ",
        "é",
        "*a",
        "&b",
        "!c",
        "{",
        "[",
      ),
      fc.string({ maxLength: 12 }),
    );
    const spec = fc.record<DeviceSpec>({
      name,
      platform: fc.constantFrom("ios", "frr"),
      address: fc.string({ minLength: 1, maxLength: 20 }),
      port: fc.integer({ min: 1, max: 65_535 }),
      labels: fc.dictionary(fc.string({ maxLength: 10 }), tricky, { maxKeys: 4, noNullPrototype: true }),
      driftMode: fc.constantFrom("alert", "revert"),
    });
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 3 }), (devices) => {
        const { devices: read, problems } = parseDeviceDocuments(formatDeviceDocuments(devices), "x");
        expect(problems).toEqual([]);
        expect(read.map((one) => one.spec)).toEqual(devices);
      }),
      { numRuns: 300 },
    );
  });
});

describe("data", () => {
  const files = {
    "inventory/a.yaml": `${device("r1")}---\n${device("r2", "platform: frr, address: 10.0.0.2")}`,
    "data/global.yaml": "ntp: { servers: [a, b], timezone: UTC }\nbanner: all\ndevice: { loopback: 192.0.2.1, name: not this }\n",
    "data/sites/lyon.yaml": "ntp: { servers: [c] }\nbanner: lyon\n",
    "data/devices/r1.yaml": "ntp: { key: 7 }\n",
    [template]: "{{ device.name }} {{ device.loopback }} {{ device.labels.role }} {{ site | default('-') }} {{ banner }} {{ ntp }}\n",
  };

  test("are merged from the general to the particular; lists replace", () => {
    expect(textOf(files)).toBe("r1 192.0.2.1 edge lyon lyon {'servers': ['c'], 'timezone': 'UTC', 'key': 7}\n");
    expect(textOf(files, "r2")).toBe("r2 192.0.2.1 edge - all {'servers': ['a', 'b'], 'timezone': 'UTC'}\n");
  });

  test("that cannot be read keep the devices that need them from being rendered, and no others", () => {
    const broken = { ...files, "data/sites/lyon.yaml": "ntp: {\nbanner: yes\n" };
    expect(textOf(broken)).toContain("data/sites/lyon.yaml:2 intent_yaml: r1 needs data/sites/lyon.yaml, which cannot be read:");
    expect(textOf(broken, "r2")).toContain("r2 192.0.2.1");
  });

  test("that nobody reads are pointed out", () => {
    const more = { "data/sites/lyno.yaml": "a: 1", "data/devices/r9.yaml": "a: 1", "data/other.yaml": "a: 1", "data/global.yml": "a: 1" };
    expect(problemsOf({ ...files, ...more })).toEqual([
      "data/devices/r9.yaml:1 No device is called r9, so this file is not read.",
      "data/global.yml:1 data/global.yaml is there too; keep one of them.",
      expect.stringContaining("data/other.yaml:1 This file is not read: data are in data/global.yaml"),
      "data/sites/lyno.yaml:1 No device is at the site lyno, so this file is not read.",
    ]);
  });

  test("a credential's name is no variable", () => {
    expect(
      textOf({
        "inventory/a.yaml": device("r1", "platform: frr, address: a, credential: lab/secret"),
        [template]: "{{ device.credential }}",
      }),
    ).toContain('has no "credential"');
  });
});

describe("rendering", () => {
  test("gives each line its source", () => {
    const rendered = renderDevice(
      intentOf({
        "inventory/a.yaml": device("r1"),
        "data/global.yaml": "vlans: { 10: { name: data } }\n",
        [template]: "hostname {{ device.name }}\n{% include 'parts/vlans.j2' %}",
        "templates/parts/vlans.j2": "{% for id, vlan in vlans.items() %}\nvlan {{ id }}\n name {{ vlan.name }}\n{% endfor %}\n",
      }),
      "r1",
    );
    expect(rendered).toEqual({
      text: "hostname r1\nvlan 10\n name data\n",
      sources: [
        { line: 1, template, templateLine: 1, data: ["device.name"] },
        { line: 2, template: "templates/parts/vlans.j2", templateLine: 2, data: ["vlans[10]"] },
        { line: 3, template: "templates/parts/vlans.j2", templateLine: 3, data: ["vlans[10].name"] },
      ],
    });
  });

  test("refuses route-maps that call each other in a circle: the routers would crash", () => {
    const circle = "{% for one in maps %}\nroute-map {{ one.name }} permit 10\n call {{ one.next }}\nexit\n{% endfor %}\n";
    const files = (maps: string): Record<string, string> => ({
      "inventory/a.yaml": device("r1"),
      "data/global.yaml": `maps: ${maps}`,
      [template]: circle,
    });
    expect(textOf(files("[{ name: A, next: B }, { name: B, next: C }]"))).toContain("call C");
    expect(textOf(files("[{ name: A, next: B }, { name: B, next: C }, { name: C, next: B }]"))).toBe(
      `${template}:3 intent_config_ruinous: r1 cannot be given what this renders: Route-maps call each other in a circle ` +
        "(B calls C on line 5, C calls B on line 8), which makes zebra and bgpd of FRR 8 crash. Take one of these calls out.",
    );
  });

  test("says file and line of what is wrong", () => {
    const inventory = { "inventory/a.yaml": device("r1") };
    expect(textOf(inventory)).toBe(
      "inventory/a.yaml:3 intent_template_missing: r1 wants templates/frr/device.j2, which this revision does not have.",
    );
    expect(textOf({ ...inventory, [template]: "a\n{{ nope }}" })).toContain(
      'templates/frr/device.j2:2 template_error: templates/frr/device.j2:2:4: "nope" is not defined.',
    );
    expect(textOf({ ...inventory, [template]: "{% include 'x.j2' %}", "templates/x.j2": "\n\n{% if %}" })).toContain(
      "templates/x.j2:3 template_error",
    );
    expect(textOf(inventory, "r7")).toBe("inventory intent_device_missing: r7 is not in this revision's inventory.");
  });

  test("a template with a fault of form is a problem of the revision", () => {
    expect(problemsOf({ "templates/a.j2": "ok\n{% for %}\n" })).toEqual(
      ['templates/a.j2:2 templates/a.j2:2:8: expected a name, got "%}".'].map((say) => expect.stringContaining(say.slice(0, 30)) as string),
    );
  });

  test("the same revision always renders the same", () => {
    const files = {
      "inventory/a.yaml": device("r1"),
      "data/global.yaml": "m: { z: 1, a: 2 }\n",
      [template]: "{% for k in m %}{{ k }}{% endfor %}",
    };
    expect(textOf(files)).toBe("za");
    expect(textOf(Object.fromEntries(Object.entries(files).toReversed()))).toBe("za");
  });
});
