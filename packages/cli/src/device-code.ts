/** Signing in by device code (RFC 8628): a person lets this program in at the console, in whatever browser they have. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "@holdfast/kit";
import { userAgent } from "./agent.ts";
import { printable } from "./output.ts";
import type { Tokens } from "./profile.ts";
import { keptTokens } from "./renewal.ts";

const client = { client_id: "holdfast-cli" };

/** Says where to go and which code to type, and waits. @throws Problem `cli_device_denied`, `cli_device_late`, `cli_device_refused`, `server_unreachable` */
export async function signInByDevice(url: string, say: (text: string) => void): Promise<Tokens> {
  const asked = { ...client, client_name: `holdfast on ${hostname()}`.slice(0, 100) };
  const started = await post(url, "/oauth/device_authorization", asked);
  const [deviceCode, userCode, page] = [text(started, "device_code"), text(started, "user_code"), text(started, "verification_uri")];
  say(`Open ${printable(page)} in a browser where you are signed in, and type the code:\n\n    ${printable(userCode)}\n\n`);
  say("Waiting until you let this program in there (Ctrl+C gives up) …\n");
  let intervalS = number(started, "interval", 5);
  const endsAtMs = Date.now() + number(started, "expires_in", 600) * 1000;
  while (Date.now() < endsAtMs) {
    await sleep(intervalS * 1000);
    const grant = { ...client, grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: deviceCode };
    const answer = await post(url, "/oauth/token", grant);
    if (answer["error"] === undefined) return tokensOf(answer);
    if (answer["error"] === "slow_down") intervalS += 5;
    else if (answer["error"] !== "authorization_pending") throw refusal(text(answer, "error"), text(answer, "error_description"));
  }
  throw refusal("expired_token", "");
}

function tokensOf(answer: Answer): Tokens {
  const pair = { accessToken: text(answer, "access_token"), refreshToken: text(answer, "refresh_token") };
  return keptTokens({ ...pair, expiresIn: number(answer, "expires_in", 900) });
}

type Answer = Record<string, unknown>;

async function post(url: string, path: string, form: Record<string, string>): Promise<Answer> {
  const response = await fetch(new URL(path, url), { method: "POST", headers: userAgent, body: new URLSearchParams(form) }).catch(
    (thrown: unknown) => {
      throw new Problem("server_unreachable", {
        kind: "unavailable",
        say: `Holdfast does not answer at ${url}; check the address and that the server runs.`,
        because: thrown,
      });
    },
  );
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer === "object" && answer !== null && (response.ok || "error" in answer)) return answer as Answer;
  throw refusal("strange", `The answer of ${url} was ${response.status} and not one of Holdfast's.`);
}

function text(answer: Answer, name: string): string {
  const value = answer[name];
  if (typeof value === "string") return value;
  if (name === "error_description") return "";
  throw refusal("strange", `The answer has no ${name}; is there a Holdfast at this address?`);
}

function number(answer: Answer, name: string, otherwise: number): number {
  const value = answer[name];
  return typeof value === "number" && value > 0 ? value : otherwise;
}

function refusal(error: string, say: string): Problem {
  if (error === "access_denied") return new Problem("cli_device_denied", { kind: "forbidden", say: "The answer was no." });
  if (error === "expired_token")
    return new Problem("cli_device_late", { kind: "unauthenticated", say: "Nobody let this program in within ten minutes; try again." });
  return new Problem("cli_device_refused", { kind: "unavailable", say: say === "" ? `The server refuses: ${error}.` : say });
}
