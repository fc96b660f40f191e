import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseSshLine, signSshCertificate, sshPublicLine } from "./ssh-certificate.ts";
import { spkiOf } from "./x509.ts";

const term = { validAfter: new Date("2026-01-01T00:00:00Z"), validBefore: new Date("2026-01-01T00:05:00Z") };
const parts = { serial: 7n, keyId: "system:devices 7", principals: ["ops"], ...term };

function subjectLine(): string {
  return sshPublicLine(spkiOf(generateKeyPairSync("ed25519").privateKey)).line;
}

/** The fields of an Ed25519 certificate, with their places; what ssh-keygen reads is tested with real OpenSSH. */
function fieldsOf(blob: Buffer): Buffer[] {
  const fixed: Record<number, number> = { 3: 8, 4: 4, 7: 8, 8: 8 };
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    const size = fixed[fields.length];
    const start = size === undefined ? at + 4 : at;
    at = start + (size ?? blob.readUInt32BE(at));
    fields.push(blob.subarray(start, at));
  }
  return fields;
}

describe("a certificate", () => {
  test("is signed over all that it says", () => {
    const authority = generateKeyPairSync("ed25519").privateKey;
    const { blob } = signSshCertificate({ ...parts, publicBlob: parseSshLine(subjectLine()) }, authority);
    const fields = fieldsOf(blob);
    expect(fields).toHaveLength(14);
    const signature = fields[13]?.subarray(-64) ?? Buffer.of();
    const body = blob.subarray(0, blob.length - (fields[13]?.length ?? 0) - 4);
    const key = createPublicKey(authority);
    expect(verify(null, body, key, signature)).toBe(true);
    for (let i = 0; i < body.length; i += 7) {
      const changed = Buffer.from(body);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(verify(null, changed, key, signature)).toBe(false);
    }
  });

  test("opens connections to other hosts only where it was said", () => {
    const authority = generateKeyPairSync("ed25519").privateKey;
    const made = (forwarding?: boolean): string =>
      signSshCertificate({ ...parts, publicBlob: parseSshLine(subjectLine()), forwarding }, authority).blob.toString("latin1");
    expect(made()).not.toContain("forwarding");
    expect(made(true)).toContain("permit-port-forwarding");
  });

  test("is never made for nobody in particular: that would be everybody", () => {
    const publicBlob = parseSshLine(subjectLine());
    const authority = generateKeyPairSync("ed25519").privateKey;
    expect(() => signSshCertificate({ ...parts, principals: [], publicBlob }, authority)).toThrow("every user");
  });

  test.each([
    ["nothing", ""],
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"],
    ["a type that is not the blob's", subjectLine().replace("ssh-ed25519", "ssh-rsa")],
    ["a cut blob", `ssh-ed25519 ${subjectLine().split(" ")[1]?.slice(0, 40)}`],
    ["another certificate", subjectLine().replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com")],
  ])("is not made of %s", (_what, line) => {
    expect(() => parseSshLine(line)).toThrow("no OpenSSH public key");
  });
});
