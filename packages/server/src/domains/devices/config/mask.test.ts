import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskSecrets } from "./index.ts";

/** Lines with a secret where the word SECRET stands. */
const ios = [
  "enable secret 9 SECRET",
  "enable secret SECRET",
  "enable password 7 SECRET",
  "username admin privilege 15 secret 9 SECRET",
  "username admin password 0 SECRET",
  "snmp-server community SECRET RO 10",
  "snmp-server host 10.0.0.1 version 2c SECRET",
  "snmp-server host 10.0.0.1 vrf M informs version 2c SECRET udp-port 162",
  "snmp-server host 10.0.0.1 SECRET",
  "snmp-server user joe grp v3 auth sha SECRET priv aes 128 SECRET",
  "tacacs-server host 10.0.0.1 key 7 SECRET",
  "tacacs-server key SECRET",
  "radius-server host 10.0.0.1 auth-port 1812 acct-port 1813 key SECRET",
  "radius-server key 7 SECRET",
  "tacacs server T\n address ipv4 10.0.0.1\n key 7 SECRET",
  "radius server R\n key SECRET",
  "aaa server radius dynamic-author\n client 10.0.0.1 server-key 7 SECRET",
  "router bgp 65000\n neighbor 10.0.0.1 password 7 SECRET",
  "router bgp 65000\n address-family ipv4 vrf X\n  neighbor 10.0.0.1 password SECRET",
  "interface Gi0/1\n ip ospf message-digest-key 1 md5 7 SECRET",
  "interface Gi0/1\n ip ospf authentication-key SECRET",
  "interface Gi0/1\n standby 1 authentication SECRET",
  "interface Gi0/1\n standby 1 authentication md5 key-string SECRET",
  "interface Tunnel0\n ip nhrp authentication SECRET",
  "interface Dialer0\n ppp chap password 0 SECRET",
  "key chain K\n key 1\n  key-string 7 SECRET",
  "crypto isakmp key SECRET address 10.0.0.1",
  "crypto isakmp key 6 SECRET address 0.0.0.0",
  "crypto ikev2 keyring K\n peer P\n  pre-shared-key local SECRET",
  "crypto ikev2 keyring K\n peer P\n  pre-shared-key SECRET",
  "ntp authentication-key 1 md5 SECRET 7",
  "ip ftp password SECRET",
  "line vty 0 4\n password 7 SECRET",
  "vtp password SECRET",
  "security wpa psk set-key ascii 0 SECRET",
  "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----",
];
const frr = [
  "password SECRET",
  "enable password 8 SECRET",
  "router bgp 65000\n neighbor 10.0.0.1 password SECRET",
  "router bgp 65000\n neighbor eth1 password SECRET",
  "interface eth0\n ip ospf message-digest-key 1 md5 SECRET",
  "interface eth0\n ip ospf authentication-key SECRET",
  "interface eth0\n ip rip authentication string SECRET",
  "interface eth0\n ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key SECRET",
  "router isis A\n area-password md5 SECRET",
  "key chain K\n key 1\n  key-string SECRET",
];
/** Lines that look like it and hold none. */
const harmless = [
  "service password-encryption",
  "key chain K\n key 1\n  key-string",
  "ip ssh pubkey-chain",
  "aaa authentication login default group tacacs+ local",
  "security passwords min-length 10",
  "interface Gi0/1\n ip ospf authentication message-digest\n ip ospf authentication key-chain K",
  "router ospf 1\n area 0 authentication message-digest",
  "no password",
  "neighbor 10.0.0.1 send-community both",
  "set community 65000:1 additive",
  "match community CL1",
];

describe("masking", () => {
  const planted = [...ios.map((text) => ["ios", text] as const), ...frr.map((text) => ["frr", text] as const)];

  test("no planted secret comes through, in any surroundings; lines and what stands before the secret stay", () => {
    const secret = fc
      .string({ unit: fc.constantFrom(...Array.from("abcXYZ0189$/.+!#%^&*()_-=~")), minLength: 8, maxLength: 40 })
      .map((text) => `q${text}`);
    fc.assert(
      fc.property(secret, fc.array(fc.constantFrom(...planted), { minLength: 1, maxLength: 6 }), (value, parts) => {
        const text = ["hostname r1", ...parts.map(([, part]) => part.replaceAll("SECRET", () => value)), "end"].join("\n!\n");
        const masked = maskSecrets(text, parts[0]?.[0] ?? "ios");
        expect(masked).not.toContain(value);
        expect(masked.split("\n")).toHaveLength(text.split("\n").length);
        expect(maskSecrets(masked, "ios")).toBe(masked);
      }),
      { numRuns: 1000 },
    );
  });

  test.for(planted)("%s: %s", ([dialect, text]) => {
    const masked = maskSecrets(text, dialect);
    expect(masked).not.toContain("SECRET");
    expect(masked.split("\n").map((line) => line.search(/\S/))).toEqual(
      text.split("\n").map((line) => (line === "SECRET" ? 0 : line.search(/\S/))),
    );
  });

  test.for(harmless)("nothing is hidden where nothing is secret: %s", (text) => {
    expect(maskSecrets(text, "ios")).toBe(text);
  });

  test("single lines and commands are masked too", () => {
    expect(maskSecrets("neighbor 10.0.0.1 password hunter2", "frr")).toBe("neighbor 10.0.0.1 password ********");
    expect(maskSecrets("no neighbor 10.0.0.1 password hunter2", "ios")).toBe("no neighbor 10.0.0.1 password ********");
    expect(maskSecrets(" key hunter2", "ios")).toBe(" key ********");
  });
});
