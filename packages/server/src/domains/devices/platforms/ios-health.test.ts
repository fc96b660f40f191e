import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { recorded } from "#test/devices/recorded";
import { healthFromIos, pingFromIos } from "./ios-health.ts";

const folders = recorded("ntc-outputs/cisco_ios", "the readers of IOS health were not tried on what real devices printed");

type Row = Record<string, string>;

/** Recorded outputs of a command, with the rows that they are known to hold. */
function outputsOf(command: string): [name: string, text: string, rows: Row[]][] {
  return folders.flatMap((folder) => {
    const place = join(folder, command);
    const names = readdirSync(place).filter((name) => name.endsWith(".raw"));
    return names.map((name): [string, string, Row[]] => [
      name,
      readFileSync(join(place, name), "utf8"),
      (parse(readFileSync(join(place, name.replace(".raw", ".yml")), "utf8")) as { parsed_sample: Row[] }).parsed_sample,
    ]);
  });
}

describe("health as devices print it", () => {
  test.each(outputsOf("show_ip_interface_brief"))("interfaces: %s", (_name, text, rows) => {
    const { interfacesUp, interfacesDown } = healthFromIos([text]);
    const up = rows.filter(({ status, proto }) => status === "up" && proto === "up");
    expect(interfacesUp).toEqual(up.map((row) => row["interface"]));
    expect(interfacesDown).toEqual(rows.filter((row) => !up.includes(row)).map((row) => row["interface"]));
  });

  test.each(outputsOf("show_ip_ospf_neighbor"))("OSPF neighbours: %s", (_name, text, rows) => {
    expect(healthFromIos(["", text]).ospfFull).toEqual(
      rows.filter(({ state }) => state?.startsWith("FULL")).map((row) => row["neighbor_id"]),
    );
  });

  test.each(outputsOf("show_ip_bgp_summary").filter(([name]) => !name.includes("_all")))("BGP neighbours: %s", (_name, text, rows) => {
    const established = rows.filter((row) => /^\d+$/.test(row["state_or_prefixes_received"] ?? row["state_pfxrcd"] ?? ""));
    expect(healthFromIos(["", "", text]).bgpEstablished).toEqual(established.map((row) => row["bgp_neighbor"] ?? row["bgp_neigh"]));
    expect(established.length).toBeGreaterThan(0);
  });

  test("CPU, uptime, ping", () => {
    for (const [, text, rows] of outputsOf("show_processes_cpu"))
      expect(healthFromIos(["", "", "", text]).cpuPercent).toBe(Number(rows[0]?.["cpu_usage_5_sec"] ?? rows[0]?.["cpu_5_sec"]));
    for (const [, text] of outputsOf("show_version")) expect(healthFromIos(["", "", "", "", "", text]).uptimeS).toBeGreaterThan(0);
    for (const [, text, rows] of outputsOf("ping").filter(([, text]) => text.includes("Success rate"))) {
      const answer = pingFromIos(text, 5);
      const [row] = rows;
      expect(`${answer.received}/${answer.sent}`).toBe(
        `${row?.["success_qty"] ?? row?.["success_count"]}/${row?.["sent_qty"] ?? row?.["sent_count"]}`,
      );
    }
  });
});

describe("health of IOS", () => {
  test("memory in both wordings", () => {
    const statistics =
      "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)\nProcessor  7F62DA1E5010   2000000000   500000000   1500000000   1400000000   1300000000\n lsmpi_io  7F62D9A7A1A8     6295128     6294304         824         824         412";
    expect(healthFromIos(["", "", "", "", statistics]).memoryPercent).toBe(25);
    expect(healthFromIos(["", "", "", "", "Processor Pool Total:  1000 Used:  236 Free:  764"]).memoryPercent).toBe(24);
  });

  test("an IPv6 neighbour has its address on a line of its own", () => {
    const table =
      "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n2001:DB8:0:1::2\n                4        65002      10      11        5    0    0 00:05:10        3\n2001:DB8::9     4        65003       0       0        1    0    0 never    Idle";
    expect(healthFromIos(["", "", table]).bgpEstablished).toEqual(["2001:DB8:0:1::2"]);
  });

  test("what a device does not know tells nothing, and is no error", () => {
    const no = "           ^\n% Invalid input detected at '^' marker.\n";
    expect(healthFromIos([no, no, "% BGP not active", no, no, no])).toEqual({
      interfacesUp: [],
      interfacesDown: [],
      ospfFull: [],
      bgpEstablished: [],
    });
  });
});
