/** What a person has in hand: a phone with an authenticator app, and a security key. */
import { execFileSync } from "node:child_process";
import type { Tab } from "./browser.ts";

/** What an authenticator app shows at a time, by oathtool: a program that knows nothing of us. */
export function codeOf(base32: string, atMs = Date.now()): string {
  return execFileSync("oathtool", ["--totp", "--base32", "--now", `@${Math.floor(atMs / 1000)}`, base32], { encoding: "utf8" }).trim();
}

/** A security key of Chromium's own (WebAuthn, virtual authenticators), in the browser from now on. */
export async function plugInKey({ page }: Tab): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
