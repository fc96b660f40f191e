/** Which addresses of repositories are taken. Pure. */
import { isIP } from "node:net";
import { Problem } from "@holdfast/kit";

/** How an address is reached; git may speak nothing else for it. */
export const gitProtocols = ["https", "ssh", "file"] as const;
export type GitProtocol = (typeof gitProtocols)[number];

export interface GitAddress {
  protocol: GitProtocol;
  /** As git gets it: a host is written in one way, so that git and we mean the same. */
  url: string;
  /** Absent for files. */
  server?: GitServer;
}

export interface GitServer {
  /** Name or address, lower case, without brackets. */
  host: string;
  port: number;
  /** It is written as an address. */
  literal: boolean;
}

const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const user = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** `https://host/path`, `ssh://user@host/path`, `user@host:path`, `file:///path`; only of the protocols told. @throws Problem `git_url_invalid` */
export function readGitUrl(url: string, protocols: ReadonlySet<GitProtocol>): GitAddress {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(url)) throw refused("it holds a space, a backslash or a control character");
  if (url.startsWith("-")) throw refused("it begins with a dash");
  if (/^[A-Za-z0-9+.-]*::/.test(url)) throw refused("it would start a program");
  const scp = /^([^/@:]+)@([^/@:]+):(.*)$/.exec(url);
  const address = scp && !url.includes("://") ? readScp(url, scp) : readParsed(url);
  if (!protocols.has(address.protocol)) throw refused(closed[address.protocol]);
  return address;
}

const closed: Record<GitProtocol, string> = {
  https: "https is closed by HOLDFAST_GIT_PROTOCOLS",
  ssh: "ssh is closed by HOLDFAST_GIT_PROTOCOLS",
  file: "files of the server may not be read here",
};

function readScp(url: string, [, name = "", machine = "", path = ""]: RegExpExecArray): GitAddress {
  if (!user.test(name) || !host.test(machine)) throw refused("the user or the host has a character that names do not have");
  checkPath(`/${path}`);
  return { protocol: "ssh", url, server: serverOf(machine, 22) };
}

function readParsed(text: string): GitAddress {
  const url = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text) ? URL.parse(text) : null;
  if (!url) throw refused("it is not an address such as https://host/path");
  if (url.search !== "" || url.hash !== "") throw refused("it has a ? or a #");
  checkPath(decoded(url.pathname));
  switch (url.protocol) {
    case "https:":
      if (url.username !== "" || url.password !== "") throw refused("it holds a credential; store that as a secret and name it");
      if (!host.test(url.hostname)) throw refused("the host has a character that names do not have");
      return { protocol: "https", url: url.href, server: serverOf(url.hostname, Number(url.port || 443)) };
    case "ssh:":
      if (url.password !== "") throw refused("it holds a credential; store that as a secret and name it");
      if (!host.test(url.hostname) || (url.username !== "" && !user.test(url.username)))
        throw refused("the user or the host has a character that names do not have");
      return { protocol: "ssh", url: text, server: serverOf(url.hostname, Number(url.port || 22)) };
    case "file:":
      if (url.hostname === "") return { protocol: "file", url: text };
      throw refused("it names files of another machine");
    default:
      throw refused(`${url.protocol} is not allowed; use https or ssh`);
  }
}

function serverOf(written: string, port: number): GitServer {
  const name = written.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return { host: name, port, literal: isIP(name) !== 0 };
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
