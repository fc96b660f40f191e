/** Proving again who one is, when the server asks for it: on a person's token the question comes up, and the call is repeated. */
import { createClient, type ClientOptions } from "@holdfast/contract";
import { Problem, type Secret } from "@holdfast/kit";
import { ask, askHidden } from "./ask.ts";

type Fetch = typeof globalThis.fetch;

/** What `stepUp` may be shown. */
export type Shown = { code: string } | { backupCode: string } | { password: string };

/** A fetch that asks once and repeats. An API key cannot prove anything: its answer says which scope it lacks. */
export function stepUpFetch({ url, apiKey }: { url: string; apiKey?: Secret }, send: Fetch = fetch): Fetch {
  if (apiKey) return send;
  return async (input, init) => {
    const request = new Request(input, init);
    const again = request.clone();
    const response = await send(request);
    if (response.status !== 403 || !(await isStepUp(response.clone()))) return response;
    const client = createClient({ url, fetch: send } satisfies ClientOptions);
    const { ways } = await client.factors.stepUpWays();
    await client.factors.stepUp(await askProof(ways));
    return send(again);
  };
}

async function isStepUp(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null && "code" in body && body.code === "step_up_needed";
}

/** Asks for what somebody can show on a terminal. A passkey needs a browser. */
export async function askProof(ways: readonly string[]): Promise<Shown> {
  if (ways.includes("provider")) throw elsewhere();
  if (ways.includes("password")) return { password: await askHidden("This needs your password: ") };
  const shown = (await ask("Code of your authenticator app, or a backup code: ")).trim();
  return /^\d{3}\s?\d{3}$/.test(shown) ? { code: shown } : { backupCode: shown };
}

/** Whoever has only an identity provider proves it there, with a browser; a login over the browser takes the proof along. */
function elsewhere(): Problem {
  return new Problem("cli_step_up_elsewhere", {
    kind: "forbidden",
    say: "This needs a fresh proof of who you are, from your identity provider: prove it in the console, then run holdfast login again.",
  });
}
