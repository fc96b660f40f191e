/** SSH algorithms in our order of preference: first what Node's crypto does fast, last what very old devices need. */
import type { Algorithms, ServerHostKeyAlgorithm } from "ssh2";

const modern = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
  ],
  serverHostKey: ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"],
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "chacha20-poly1305@openssh.com"],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"],
  compress: ["none"],
} satisfies Algorithms;

/** SHA-1, CBC and DSS: only where a device is marked as needing them. */
const legacy = {
  kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"],
  serverHostKey: ["ssh-rsa", "ssh-dss"],
  cipher: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
  hmac: ["hmac-sha1-96", "hmac-md5"],
} satisfies Algorithms;

/** @param without host-key families to leave out, as in a key blob: `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256` … */
export function algorithms(legacyToo: boolean, without: readonly string[] = []): Algorithms {
  const keys: ServerHostKeyAlgorithm[] = [...modern.serverHostKey, ...(legacyToo ? legacy.serverHostKey : [])];
  return {
    kex: [...modern.kex, ...(legacyToo ? legacy.kex : [])],
    serverHostKey: keys.filter((name) => !without.includes(familyOf(name))),
    cipher: [...modern.cipher, ...(legacyToo ? legacy.cipher : [])],
    hmac: [...modern.hmac, ...(legacyToo ? legacy.hmac : [])],
    compress: modern.compress,
  };
}

function familyOf(algorithm: string): string {
  return algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
}
