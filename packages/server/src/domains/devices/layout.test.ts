/** The documents about repositories and templates say what is so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readIntent, renderDevice } from "./intent.ts";
import { filterNames } from "./templates/filters.ts";
import { testNames } from "./templates/is-tests.ts";

const docs = join(import.meta.dirname, "../../../../../docs");
const layout = readFileSync(join(docs, "repository-layout.md"), "utf8");
const templates = readFileSync(join(docs, "templates.md"), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] ?? "");
const [device = "", ...policies] = blocks(layout, "yaml");

describe("the documents", () => {
  test("show documents that are taken", () => {
    const intent = readIntent(
      new Map([["inventory/a.yaml", device], ...policies.map((policy, i) => [`policies/${i}.yaml`, policy] as const)]),
    );
    expect(intent.problems).toEqual([]);
    expect([intent.devices.length, intent.policies.health.length, intent.policies.strategies.length]).toEqual([1, 1, 1]);
  });

  test("show a template that renders", () => {
    const data =
      "interfaces:\n  - { name: eth0, ip: 10.0.0.1/30, description: uplink }\n  - { name: eth1, ip: 10.0.1.1/24, enabled: false }\n";
    const intent = readIntent(
      new Map([
        ["inventory/a.yaml", device],
        ["data/global.yaml", data],
        ["templates/frr/device.j2", blocks(templates, "jinja")[0] ?? ""],
      ]),
    );
    expect(renderDevice(intent, "lyon-edge-1")).toMatchObject({
      text: "hostname lyon-edge-1\ninterface eth0\n ip address 10.0.0.1 255.255.255.252\n description uplink\n",
    });
  });

  test("name every filter and test, and no other", () => {
    const named = (heading: string) =>
      [...(templates.split(`\n${heading}: `)[1]?.split("\n\n")[0] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
    expect(named("Filters").toSorted()).toEqual(filterNames().toSorted());
    expect(
      named("Tests")
        .filter((name) => name !== "select")
        .toSorted(),
    ).toEqual(testNames().toSorted());
  });
});
