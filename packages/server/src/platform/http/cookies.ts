/**
 * Our cookies, which by https carry the prefix `__Host-`: a browser takes such a one only from this very host, Secure and for all paths
 * (RFC 6265bis, section 4.1.3.2), so that no neighbouring host can put one of its own in its place. By http, which is for localhost, browsers
 * refuse the prefix. Modules name and find a cookie without it.
 */
const prefix = "__Host-";

/** The name under which a browser knows the cookie. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? prefix + name : name;
}

/** What a browser sent that counts: by https those with the prefix alone. */
export function ownCookies(sent: Record<string, string | undefined>, secure: boolean): Record<string, string | undefined> {
  if (!secure) return sent;
  const ours = Object.entries(sent).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(ours.map(([name, value]) => [name.slice(prefix.length), value]));
}
