/** Which addresses of repositories are taken. Pure. */
import { Problem } from "@holdfast/kit";

/** `https://host/path`, `ssh://user@host/path`, `user@host:path`; `file:///path` only where local ones are allowed. @throws Problem `git_url_invalid` */
export function checkGitUrl(url: string, allowLocal: boolean): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u0020\u007f]/.test(url) || url.startsWith("-"))
    throw refused("it holds a space or a control character, or begins with a dash");
  const scp = /^([A-Za-z0-9._-]+)@([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)([^-].*)$/.exec(url);
  if (scp && !url.includes("::")) return;
  if (!URL.canParse(url) || /^[a-z0-9+.-]+::/i.test(url)) throw refused("it is not an address");
  const parsed = new URL(url);
  if (parsed.protocol === "file:") {
    if (allowLocal && parsed.hostname === "") return;
    throw refused("files of the server may not be read here");
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "ssh:") throw refused(`${parsed.protocol} is not allowed; use https or ssh`);
  if (parsed.password !== "" || (parsed.protocol === "https:" && parsed.username !== ""))
    throw refused("it holds a credential; store that as a secret and name it");
  if (
    parsed.hostname === "" ||
    parsed.hostname.startsWith("-") ||
    parsed.username.startsWith("-") ||
    decodeURIComponent(parsed.pathname).startsWith("/-")
  ) {
    throw refused("a part of it begins with a dash");
  }
}

function refused(why: string): Problem {
  return new Problem("git_url_invalid", {
    kind: "invalid",
    say: `This address of a repository is not taken: ${why}.`,
    places: [{ at: "url", say: why }],
  });
}
