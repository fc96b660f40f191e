import { deviceSpec } from "@holdfast/contract";
import { matches, parseSelector } from "@holdfast/kit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bastionsFirst, readDevices, writeDevices } from "./exchange.ts";
import { parseDeviceDocuments } from "./intent-inventory.ts";

test("a row of an import is refused in the words of the one who wrote it: what is missing, and what is not right", () => {
  const { devices, errors } = readDevices("csv", "name,platform,address,port\nlyon-core-1,ios,10.0.0.1,22\n,iosx,,99999\n");
  expect(devices.map(({ spec }) => spec.name)).toEqual(["lyon-core-1"]);
  expect(errors.slice(0, 1)).toEqual([{ at: "row 3, column name", say: "must be given" }]);
  expect(errors.find(({ at }) => at === "row 3, column address")?.say).toBe("must be given");
  expect(errors.find(({ at }) => at === "row 3, column platform")?.say).toMatch(/ios.*frr/);
  expect(errors.find(({ at }) => at === "row 3, column port")?.say).toMatch(/65535/);
});

const fingerprint = `SHA256:${"A".repeat(43)}`;
const head = "name,platform,address,hostKey";

test("a pinned host key goes out and comes in again, in both formats", () => {
  const device = { name: "r1", platform: "frr", address: "192.0.2.1", port: 22, labels: {}, driftMode: "alert" } as const;
  for (const format of ["csv", "yaml"] as const) {
    const read = readDevices(
      format,
      writeDevices(format, [
        { ...device, hostKey: fingerprint },
        { ...device, name: "r2" },
      ]),
    );
    expect(read.errors).toEqual([]);
    expect(read.devices.map(({ spec, hostKey }) => [spec.name, hostKey])).toEqual([
      ["r1", fingerprint],
      ["r2", undefined],
    ]);
  }
});

test("a host key may be given as the public key itself, whose fingerprint OpenSSH would show", () => {
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com";
  const { devices } = readDevices("csv", `${head}\nr1,frr,192.0.2.1,${key}\n`);
  expect(devices[0]?.hostKey).toBe("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
});

test.each(["SHA256:short", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl", "none"])(
  "%s is no host key",
  (key) =>
    expect(readDevices("csv", `${head}\nr1,frr,192.0.2.1,${key}\n`).errors).toMatchObject([
      { at: expect.stringMatching(/^row 2/) as string, say: expect.stringMatching(/public key/) as string },
    ]),
);

test("a repository's inventory pins no host key", () => {
  const text = `apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: r1 }\nspec: { platform: frr, address: 192.0.2.1, hostKey: "${fingerprint}" }\n`;
  expect(parseDeviceDocuments(text, "inventory/r1.yaml").problems).toMatchObject([{ say: expect.stringContaining("hostKey") as string }]);
});

test.each([
  "192.0.2.1",
  "2001:db8::1",
  "::1",
  "fe80::1%eth0",
  "::ffff:192.0.2.1",
  "r1",
  "r1.example.net",
  "r_1.example.net.",
  "1st.example",
])("%s is an address", (address) => expect(readDevices("csv", `name,platform,address\nr1,frr,${address}\n`).errors).toEqual([]));

test.each(["-oProxyCommand=x", "-r1", "r1 r2", "r1;reboot", "192.0.2.256", "192.0.2", "a..b", "x@r1", "$(id)", "r1-", "[::1]", ":", "h/x"])(
  "%s is no address",
  (address) =>
    expect(readDevices("csv", `name,platform,address\nr1,frr,${address}\n`).errors).toEqual([
      { at: "row 2, column address", say: "an IP address or a host name" },
    ]),
);

test("a label's key is one that a selector can ask for", () => {
  const of = (labels: string) => readDevices("csv", `name,platform,address,labels\nr1,frr,192.0.2.1,${labels}\n`).errors;
  expect(of("example.net/role=core;a=")).toEqual([]);
  for (const labels of ["a b=1", "-a=1", "a!=1", `${"k".repeat(64)}=1`]) expect(of(labels)).toMatchObject([{ at: "row 2, column labels" }]);
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 70 }), (key) => {
      const taken = deviceSpec.shape.labels.safeParse({ [key]: "x" }).success;
      if (taken) expect(matches(parseSelector(`${key}=x`), { [key]: "x" })).toBe(true);
    }),
  );
});

test("half a character is refused wherever text goes in", () => {
  const device = { name: "r1", platform: "frr", address: "192.0.2.1" };
  for (const more of [{ labels: { a: "\ud800" } }, { redundancyGroup: "\udc00" }, { credential: "a\ud800" }, { bastion: "\ud83d" }])
    expect(deviceSpec.safeParse({ ...device, ...more }).success).toBe(false);
  expect(deviceSpec.safeParse({ ...device, labels: { a: "😀" } }).success).toBe(true);
});

test("a device comes after the one that it jumps through", () => {
  const { devices } = readDevices("csv", "name,platform,address,bastion\na,frr,10.0.0.1,b\nb,frr,10.0.0.2,c\nc,jump_host,10.0.0.3,\n");
  expect(bastionsFirst(devices).map(({ spec }) => spec.name)).toEqual(["c", "b", "a"]);
});
