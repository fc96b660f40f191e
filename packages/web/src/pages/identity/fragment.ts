/** One-time tokens travel behind the `#` of an address, which no browser sends and no server logs. */

let taken: string | undefined;

/** The token of `#token=…`; takes it out of the address bar and the history at once. Undefined when there is none. */
export function takeToken(): string | undefined {
  const token = tokenOf(location.hash);
  if (token === undefined) return taken;
  taken = token;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** `#token=abc` → `abc`. Pure. */
export function tokenOf(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("token");
  return token === null || token === "" ? undefined : token;
}

/** `#code=BCDF-GHJK` → `BCDF-GHJK`. Pure. */
export function userCodeOf(hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, "")).get("code");
  return code !== null && /^[A-Za-z-]{8,20}$/.test(code) ? code : undefined;
}

/** Where to go after signing in: a path of our own, never another site. Pure. */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return "/";
  return /^\/(sign-in|setup|link)\b/.test(next) ? "/" : next;
}
