/** Which addresses of repositories are taken. Pure. */
import { Problem } from "@holdfast/kit";

/** How an address is reached; git may speak nothing else for it. */
export type GitProtocol = "https" | "ssh" | "file";

const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const user = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** `https://host/path`, `ssh://user@host/path`, `user@host:path`; `file:///path` only where local ones are allowed. @throws Problem `git_url_invalid` */
export function checkGitUrl(url: string, allowLocal: boolean): GitProtocol {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(url)) throw refused("it holds a space, a backslash or a control character");
  if (url.startsWith("-")) throw refused("it begins with a dash");
  if (/^[A-Za-z0-9+.-]*::/.test(url)) throw refused("it would start a program");
  const scp = /^([^/@:]+)@([^/@:]+):(.*)$/.exec(url);
  if (scp && !url.includes("://")) return checkScp(scp);
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(url) || !URL.canParse(url)) throw refused("it is not an address such as https://host/path");
  return checkParsed(new URL(url), allowLocal);
}

function checkScp([, name = "", machine = "", path = ""]: RegExpExecArray): GitProtocol {
  if (!user.test(name) || !host.test(machine)) throw refused("the user or the host has a character that names do not have");
  checkPath(`/${path}`);
  return "ssh";
}

function checkParsed(url: URL, allowLocal: boolean): GitProtocol {
  if (url.search !== "" || url.hash !== "") throw refused("it has a ? or a #");
  checkPath(decoded(url.pathname));
  switch (url.protocol) {
    case "https:":
      if (url.username !== "" || url.password !== "") throw refused("it holds a credential; store that as a secret and name it");
      if (!host.test(url.hostname)) throw refused("the host has a character that names do not have");
      return "https";
    case "ssh:":
      if (url.password !== "") throw refused("it holds a credential; store that as a secret and name it");
      if (!host.test(url.hostname) || (url.username !== "" && !user.test(url.username)))
        throw refused("the user or the host has a character that names do not have");
      return "ssh";
    case "file:":
      if (allowLocal && url.hostname === "") return "file";
      throw refused("files of the server may not be read here");
    default:
      throw refused(`${url.protocol} is not allowed; use https or ssh`);
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw refused("a % in it is not followed by two digits");
  }
}

function checkPath(path: string): void {
  if (path === "/" || path === "") throw refused("it names no repository");
  if (/^\/+-/.test(path)) throw refused("its path begins with a dash");
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refused("it holds a control character");
}

function refused(why: string): Problem {
  const say = `This address of a repository is not taken: ${why}.`;
  return new Problem("git_url_invalid", { kind: "invalid", say, places: [{ at: "url", say: why }] });
}
