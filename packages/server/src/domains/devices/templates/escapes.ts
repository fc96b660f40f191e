/** Escapes in the strings of a template, as in Python's. */

const simple: Record<string, string> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/gu;

/** The value of a string's inside; an unknown escape stays as it stands. */
export function unescapeString(text: string): { text: string } | { say: string } {
  if (!text.includes("\\")) return { text };
  let say: string | undefined;
  const result = text.replaceAll(escape, (whole, ...groups: (string | undefined)[]) => {
    const [hex2, hex4, hex8, octal, other] = groups;
    const hex = hex2 ?? hex4 ?? hex8;
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      if (code <= 0x10_ffff) return String.fromCodePoint(code);
      say = `${whole} is beyond Unicode`;
    } else if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    else if (other === "N") say = "\\N{…} is not supported; write the character itself or \\u and four digits";
    else if (other === "x" || other === "u" || other === "U") say = `\\${other} needs its hexadecimal digits`;
    return simple[other ?? ""] ?? whole;
  });
  return say === undefined ? { text: result } : { say };
}
