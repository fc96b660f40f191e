/** The demo's three acts. Changes are edits of files of the repository; each says what must be true of the routers afterwards. */

export interface RepositoryChange {
  /** For the commit. */
  message: string;
  /** Path → new content. */
  edit(files: ReadonlyMap<string, string>): Map<string, string>;
  /** Routers whose configuration it changes. */
  touches(device: { name: string; platform: string }): boolean;
  /** Whether a router has it, by its own running configuration. */
  holds(running: string, platform: string): boolean;
}

const globalData = "data/global.yaml";

function replaced(files: ReadonlyMap<string, string>, path: string, from: string, to: string): Map<string, string> {
  const text = files.get(path);
  if (text === undefined || !text.includes(from)) throw new Error(`${path} does not hold what the demo wants to change`);
  return new Map([[path, text.replace(from, to)]]);
}

const newNetwork = "10.4.0.0/16";
const newServer = "10.255.0.13";

/** A new site will come: its network is ours from now on, and the IOS routers get a third time server. */
export const goodChange: RepositoryChange = {
  message: "Our networks grow by 10.4.0.0/16, and a third time server",
  edit(files) {
    const first = replaced(
      files,
      globalData,
      "  - { seq: 40, prefix: 10.255.0.0/16 }",
      `  - { seq: 35, prefix: ${newNetwork} }\n  - { seq: 40, prefix: 10.255.0.0/16 }`,
    );
    return replaced(first, globalData, "  - 10.255.0.12\n", `  - 10.255.0.12\n  - ${newServer}\n`);
  },
  touches: () => true,
  holds(running, platform) {
    const lines = running.split("\n");
    const list = lines.includes(`ip prefix-list OWN-NETWORKS seq 35 permit ${newNetwork} le 24`);
    return list && (platform === "frr" || lines.includes(`ntp server ${newServer}`));
  },
};

/** Slower hellos in Turin, where the neighbours in the other sites and the rest of Turin still expect fast ones: adjacencies are lost. */
export const badChange: RepositoryChange = {
  message: "Turin: send OSPF hellos every 5 seconds",
  edit(files) {
    const path = "data/sites/turin.yaml";
    return new Map([[path, `${files.get(path) ?? ""}\nospf:\n  hello: 5\n`]]);
  },
  touches: ({ name }) => name.startsWith("turin-"),
  holds: (running) => running.includes("ip ospf hello-interval 5"),
};

/** What somebody types at a console at night, and tells nobody. */
export const handEdit = {
  device: "geneva-access-1",
  lines: ["interface eth3", "description temporary, do not remove", "ip ospf cost 500", "exit", "ip route 10.99.0.0/16 Null0"],
  user: "night-shift",
  holds: (running: string): boolean => running.includes("temporary, do not remove") && running.includes("ip route 10.99.0.0/16 Null0"),
};
