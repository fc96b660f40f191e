/** What git says, as Problems: by its words in the C locale. */
import { Problem, type ProblemKind } from "@holdfast/kit";
import type { GitRun } from "./git-run.ts";

interface Meaning {
  words: RegExp;
  code: string;
  kind: ProblemKind;
  say: string;
}

/** The first whose words fit counts. */
const meanings: Meaning[] = [
  {
    words: /couldn't find remote ref|Remote branch .* not found/i,
    code: "git_branch_missing",
    kind: "missing",
    say: "The repository does not have the branch.",
  },
  {
    words: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known/i,
    code: "git_host_key_unknown",
    kind: "not_ready",
    say: "The Git server shows a host key that the secret's known hosts do not have; compare it and add it.",
  },
  {
    words:
      /Authentication failed|Permission denied|could not read (?:Username|Password)|invalid username or password|returned error: 40[13]\b|HTTP Basic: Access denied/i,
    code: "git_auth_failed",
    kind: "not_ready",
    say: "The Git server refuses our credential; store a new one as the repository's secret, or name one.",
  },
  {
    words: /detected dubious ownership/i,
    code: "git_ownership",
    kind: "not_ready",
    say: "The repository belongs to another user of this machine than Holdfast runs as; give it to that user, or use ssh or https.",
  },
  {
    words: /No space left on device|Disk quota exceeded/i,
    code: "git_disk_full",
    kind: "unavailable",
    say: "The disk of the server is full; make room and the repository is fetched again.",
  },
  {
    words: /redirect|returned error: 30[1278]\b/i,
    code: "git_redirected",
    kind: "not_ready",
    say: "The Git server sends us to another address; give that address, so that our credential goes where you say.",
  },
  {
    words: /Problem with the SSL CA cert|error setting certificate (verify locations|file)/i,
    code: "git_authorities_unreadable",
    kind: "not_ready",
    say: "The file of authorities (HOLDFAST_GIT_CA_FILE) cannot be read; put it back, or set another.",
  },
  {
    words:
      /SSL certificate problem|server certificate verification failed|certificate has expired|SSL: no alternative certificate|does not match target host ?name/i,
    code: "git_certificate",
    kind: "not_ready",
    say: "The certificate of the Git server is not one that this server trusts; add its authority to the system's or to HOLDFAST_GIT_CA_FILE, or mend the certificate.",
  },
  {
    words:
      /does not appear to be a git repository|repository .* not found|Repository not found|does not exist|returned error: 404|not valid: is this a git repository/i,
    code: "git_repository_missing",
    kind: "missing",
    say: "There is no repository at this address any more, or it is hidden from us.",
  },
  {
    words:
      /Could not resolve host|Connection (?:refused|timed out|reset|closed)|unable to access|Could not connect|Failed to connect|Network is unreachable|No route to host|Operation too slow|early EOF|hung up unexpectedly|kex_exchange_identification/i,
    code: "git_unreachable",
    kind: "unavailable",
    say: "The Git server does not answer, or stopped in the middle; it is tried again.",
  },
  {
    words: /fsck error|badTree|badTreeSha1|hasDotgit|hasDotdot|gitmodules|duplicateEntries|nullSha1|missingEmail/,
    code: "git_content_refused",
    kind: "invalid",
    say: "The repository holds an object that Git's own checks refuse (git fsck in it tells which); mend it there.",
  },
  {
    words: /cannot lock ref|Unable to create '.*\.lock'|another git process/i,
    code: "git_busy",
    kind: "unavailable",
    say: "Another process fetches this repository just now; it is tried again.",
  },
];

/** Words that mean that our own copy is broken, not the server. */
const damage = [
  /not a git repository: |invalid gitfile format|fatal: bad config/i,
  /object file .* is empty|loose object .* is corrupt|bad object|bad tree object|unable to (?:read|find|parse|unpack) (?:tree|object|sha1|header|[0-9a-f]{40})/i,
  /packfile .* (?:cannot be accessed|does not match)|index file .* (?:too small|corrupt)|bad signature|inflate: |garbage at end of/i,
  /does not point to a valid object|invalid (?:object|sha1) |missing (?:blob|tree|commit|object) |unresolved deltas/i,
];

/** Whether a failed run failed on our copy. */
export function isDamage(run: GitRun): boolean {
  if (run.exceeded !== undefined || meanings.some(({ words }) => words.test(run.errors))) return false;
  return damage.some((words) => words.test(run.errors));
}

export function explainGit(run: GitRun, subject: string): Problem {
  const because = new Error(run.errors.trim() || `git ended with ${run.code}`);
  if (run.exceeded === "time")
    return new Problem("git_timeout", { kind: "unavailable", say: "The Git server took too long; it is tried again.", because });
  if (run.exceeded === "output" || run.exceeded === "disk")
    return new Problem("git_too_large", { kind: "limit", say: "The repository is larger than the limit allows.", because });
  const known = meanings.find(({ words }) => words.test(run.errors));
  if (known) return new Problem(known.code, { kind: known.kind, say: known.say, because });
  return new Problem("git_failed", { kind: "unavailable", say: `Git could not do it (${subject}); the log has its words.`, because });
}
