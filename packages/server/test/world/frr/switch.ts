/**
 * FRR has no dead-man's switch of its own: a small program on the host keeps one. Its words are the whole protocol:
 *
 *     arm TOKEN SECONDS → armed TOKEN EPOCH | busy TOKEN (1)
 *     confirm TOKEN     → confirmed TOKEN | busy OTHER (1) | idle (3) | reverted TOKEN (4)
 *     revert TOKEN      → reverted TOKEN | busy OTHER (1) | idle (3)
 *     status            → idle | armed TOKEN SECONDS | reverting TOKEN | reverted TOKEN EPOCH
 */
import type { Router } from "../router.ts";

export interface SwitchAnswer {
  say: string;
  code: number;
}

const answer = (say: string, code = 0): SwitchAnswer => ({ say, code });

const epoch = (ms: number): number => Math.floor(ms / 1000);

const fail = (say: string): SwitchAnswer => answer(`holdfast-switch: ${say}`, 2);

export function runSwitch(router: Router, words: string[], user: string): SwitchAnswer {
  const [verb = "", token = "", seconds = ""] = words;
  if (verb === "status") return status(router);
  if (!["arm", "confirm", "revert"].includes(verb)) return fail("say arm TOKEN SECONDS, confirm TOKEN, revert TOKEN or status");
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(token)) return fail("a token has up to 64 letters, digits, - and _");
  if (verb === "arm") return arm(router, { token, seconds, user });
  return verb === "confirm" ? confirm(router, token, user) : revert(router, token, user);
}

function status(router: Router): SwitchAnswer {
  const { armed, fired } = router.state;
  if (router.reverting !== undefined) return answer(`reverting ${router.reverting}`);
  if (armed) return answer(`armed ${armed.token} ${router.secondsLeft()}`);
  return answer(fired ? `reverted ${fired.token} ${epoch(fired.at)}` : "idle");
}

function arm(router: Router, { token, seconds, user }: { token: string; seconds: string; user: string }): SwitchAnswer {
  const length = /^[1-9]\d{0,4}$/.test(seconds) ? Number(seconds) : 0;
  if (length < 1 || length > 86_400) return fail("seconds must be a whole number from 1 to 86400");
  const { armed } = router.state;
  if (armed) return answer(`busy ${armed.token}`, 1);
  router.arm({ token, seconds: length, user });
  return answer(`armed ${token} ${epoch(router.clock.now()) + length}`);
}

function confirm(router: Router, token: string, user: string): SwitchAnswer {
  const { armed, fired, confirmed } = router.state;
  if (router.reverting === token || fired?.token === token) return answer(`reverted ${token}`, 4);
  // Asked again, because the answer was lost.
  if (confirmed === token) return answer(`confirmed ${token}`);
  if (armed?.token !== token) return othersOrNone(router);
  router.confirm(user);
  return answer(`confirmed ${token}`);
}

/** The switch is somebody else's, or nobody's. */
function othersOrNone({ state: { armed } }: Router): SwitchAnswer {
  return armed ? answer(`busy ${armed.token}`, 1) : answer("idle", 3);
}

function revert(router: Router, token: string, user: string): SwitchAnswer {
  const { armed, fired } = router.state;
  if (fired?.token === token) return answer(`reverted ${token}`);
  if (armed?.token !== token) return othersOrNone(router);
  router.revert(user);
  return answer(`reverted ${token}`);
}
