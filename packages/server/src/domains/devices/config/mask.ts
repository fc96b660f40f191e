/** Hides the secrets of network configurations. In doubt it hides too much: a masked line is a nuisance, a leaked key is not. */

const mark = "********";

/** Anything that could hold a secret; all other lines are left alone at once. */
const suspect = /pass|secret|key|communit|md5|sha\d?|auth|priv|psk|cipher|snmp-server host|token|nhrp/i;

/** What stands before a secret; the secret is the rest of the line. */
const restIsSecret: RegExp[] = [
  /\b(?:password|secret|passphrase|passwd)(?: level \d+)?(?: (?:encrypted|ciphertext|clear|md5|sha256|sha512|hash))?(?: \d{1,2})? (?=\S)/i,
  /\bkey-string(?: \d)? (?=\S)/,
  /\b(?:tacacs-server|radius-server) key(?: \d)? (?=\S)/,
  /\b(?:server-key|shared-secret|pre-shared-key|shared-key|set-key ascii|set-key hex|wpa-psk (?:ascii|hex))(?: (?:local|remote|address \S+|hex|ascii))*(?: \d)? (?=\S)/i,
  /\b(?:authentication-key|message-digest-key)(?: \d+)?(?: (?:md5|hmac-\S+|sha\S*|cmac-\S+))?(?: \d)? (?=\S)/,
  /\b(?:area|domain)-password(?: (?:clear|md5))? (?=\S)/,
  /\bnhrp authentication (?=\S)/,
  /\bauthentication (?:string|text) (?=\S)/,
  /\b(?:standby|vrrp|glbp) \d+ authentication (?!md5|text|key-chain)(?=\S)/,
  /\bspi \d+ (?:md5|sha1|esp \S+)(?: \d)? (?=\S)/,
  /\bhash-algo \S+ key (?=\S)/,
  /^\s*(?:no )?key (?:0|6|7|8|8a|hex|ascii) (?=\S)/,
];

/** What stands before a secret of one word; there may be several in one line. */
const wordIsSecret: RegExp[] = [
  /\b(snmp-server community) (\S+)/g,
  /\b(r[ow]community6?) (\S+)/g,
  /\b(snmp-server host \S+(?: (?:vrf|use-vrf) \S+)?(?: (?:traps?|informs?))?(?: version (?:1|2c|3 (?:auth|noauth|priv)))?) (\S+)/g,
  /\b(auth (?:md5|sha(?:-?\d+)?)) (\S+)/g,
  /\b(priv(?: (?:des56|des|3des|aes(?:-?\d+)?(?: \d+)?))) (\S+)/g,
  /\b(crypto isakmp key(?: \d)?) (\S+)/g,
  /\b((?:tacacs-server|radius-server) host .*?\bkey(?: \d)?) (\S+)/g,
  /\b(cipher|authenticator|api-key|token) (\S+)/g,
];

const server = /^\s*(?:tacacs|radius) server |^\s*aaa (?:group )?server |^\s*(?:tacacs|radius)-server /;

/** One line with its secrets masked. `above` is the header that it stands under, or empty. */
export function maskLine(line: string, above = ""): string {
  if (!suspect.test(line)) return line;
  let said = line;
  for (const pattern of wordIsSecret) said = said.replace(pattern, `$1 ${mark}`);
  for (const pattern of restIsSecret) {
    const found = pattern.exec(said);
    if (found) said = said.slice(0, found.index + found[0].length) + mark;
  }
  // `key 1` opens a key of a key chain; anything else after `key`, or any key of a server, is the key itself.
  const bare = /^(\s*(?:no )?key) (\S.*)$/.exec(said);
  if (bare && !bare[2]?.startsWith("chain ") && (server.test(above) || !/^\d+$/.test(bare[2] ?? "")) && !said.endsWith(mark))
    said = `${bare[1]} ${mark}`;
  return said;
}

/** A text of any number of lines with its secrets masked, and the lines of private keys. As many lines as before. */
export function maskText(text: string): string {
  let [above, inKey] = ["", false];
  return text
    .split("\n")
    .map((line) => {
      if (/-----END .*PRIVATE KEY/.test(line)) inKey = false;
      if (inKey) return mark;
      if (/-----BEGIN .*PRIVATE KEY/.test(line)) inKey = true;
      if (server.test(line) || (/^\S/.test(line) && !/^(?:no )?key /.test(line))) above = line;
      return maskLine(line, above);
    })
    .join("\n");
}
