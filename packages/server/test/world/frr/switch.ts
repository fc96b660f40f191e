/**
 * FRR has no dead-man's switch of its own: a small program on the host keeps one. Its words are the whole protocol:
 *
 *     arm TOKEN SECONDS → armed TOKEN EPOCH | busy TOKEN (1)
 *     confirm TOKEN     → confirmed TOKEN | idle (3) | reverted TOKEN (4)
 *     revert TOKEN      → reverted TOKEN | idle (3)
 *     status            → idle | armed TOKEN SECONDS | reverting TOKEN | reverted TOKEN EPOCH
 */
import type { Router } from "../router.ts";

export interface SwitchAnswer {
  say: string;
  code: number;
}

const answer = (say: string, code = 0): SwitchAnswer => ({ say, code });

const epoch = (ms: number): number => Math.floor(ms / 1000);

const usage = answer("usage: holdfast-switch arm TOKEN SECONDS | confirm TOKEN | revert TOKEN | status", 2);

export function runSwitch(router: Router, words: string[], user: string): SwitchAnswer {
  const [verb, token = "", seconds = ""] = words;
  if (verb === "status") return status(router);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(token)) return usage;
  if (verb === "arm" && /^\d{1,6}$/.test(seconds)) return arm(router, { token, seconds: Number(seconds), user });
  if (verb === "confirm") return confirm(router, token, user);
  return verb === "revert" ? revert(router, token, user) : usage;
}

function status(router: Router): SwitchAnswer {
  const { armed, fired } = router.state;
  if (router.reverting !== undefined) return answer(`reverting ${router.reverting}`);
  if (armed) return answer(`armed ${armed.token} ${router.secondsLeft()}`);
  return answer(fired ? `reverted ${fired.token} ${epoch(fired.at)}` : "idle");
}

function arm(router: Router, wanted: { token: string; seconds: number; user: string }): SwitchAnswer {
  const { armed } = router.state;
  if (armed && armed.token !== wanted.token) return answer(`busy ${armed.token}`, 1);
  // The same token again is a client that did not hear the first answer: the timer starts anew, what it goes back to stays.
  if (armed) router.rearm(wanted.seconds);
  else router.arm(wanted);
  return answer(`armed ${wanted.token} ${epoch(router.clock.now()) + wanted.seconds}`);
}

function confirm(router: Router, token: string, user: string): SwitchAnswer {
  const { armed, fired } = router.state;
  if (router.reverting === token || fired?.token === token) return answer(`reverted ${token}`, 4);
  if (!armed) return answer("idle", 3);
  if (armed.token !== token) return answer(`busy ${armed.token}`, 1);
  router.confirm(user);
  return answer(`confirmed ${token}`);
}

function revert(router: Router, token: string, user: string): SwitchAnswer {
  const { armed, fired } = router.state;
  if (fired?.token === token) return answer(`reverted ${token}`);
  if (!armed) return answer("idle", 3);
  if (armed.token !== token) return answer(`busy ${armed.token}`, 1);
  router.revert(user);
  return answer(`reverted ${token}`);
}
