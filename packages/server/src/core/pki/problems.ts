/** What is said when something cannot be had. */
import { Problem } from "@holdfast/kit";

export function notReady(): Problem {
  return new Problem("pki_not_ready", {
    kind: "not_ready",
    say: "There is no authority yet; make one with `holdfast pki init`, or bring yours with `holdfast pki import-ca`.",
  });
}

export function rootAway(): Problem {
  return new Problem("pki_root_away", {
    kind: "not_ready",
    say: "The root's key is not in this system; bring it back with `holdfast pki restore-root`, and take it out again afterwards.",
  });
}

export function certificateMissing(id: string): Problem {
  return new Problem("pki_certificate_missing", { kind: "missing", say: `There is no certificate with the id "${id}".` });
}
