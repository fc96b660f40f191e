/**
 * Where SAML providers find us. Their messages come with a browser from another site, so none of our cookies is with them and none is asked for:
 * the signature says whose word it is, and only the browser's next call, from our own page, signs anybody in.
 */
import { isProblem } from "@holdfast/kit";
import { cookieName } from "#platform/http/cookies";
import type { PlainAnswer, PlainCall, PlainRoute } from "#platform/http/plain-routes";
import type { Identity } from "./index.ts";
import { callbackPath } from "./provider-view.ts";
import type { LogoutMessage } from "./provider-logout.ts";
import { arrivalCookie } from "./routes-federation.ts";

/** A response with many groups, in base64 and as a form writes that. */
const mostBytes = 256 * 1024;
const takeUpS = 120;

export function createSamlRoutes(identity: Identity): PlainRoute[] {
  return [
    {
      method: "GET",
      path: "/saml/:id/metadata",
      answer: (call) =>
        guarded(async () => {
          const body = await identity.samlMetadata(idOf(call));
          return { status: 200, headers: { "content-type": "application/samlmetadata+xml; charset=utf-8" }, body };
        }),
    },
    { method: "POST", path: "/saml/:id/acs", mostBytes, answer: (call) => guarded(() => takeResponse(identity, call)) },
    { method: "GET", path: "/saml/:id/slo", answer: (call) => guarded(() => takeLogout(identity, call)) },
    { method: "POST", path: "/saml/:id/slo", mostBytes, answer: (call) => guarded(() => takeLogout(identity, call)) },
  ];
}

/** Whatever came, the browser goes on to the console's page, which asks in its own name; RelayState is never a place to go to. */
async function takeResponse(identity: Identity, call: PlainCall): Promise<PlainAnswer> {
  const token = await identity.receiveResponse(idOf(call), call.form.get("SAMLResponse") ?? "", fromOf(call));
  const secure = call.origin.startsWith("https:");
  const parts = [
    `${cookieName(arrivalCookie, secure)}=${token ?? ""}`,
    `Max-Age=${token === undefined ? 0 : takeUpS}`,
    "Path=/",
    "HttpOnly",
  ];
  const cookie = [...parts, "SameSite=Strict", ...(secure ? ["Secure"] : [])].join("; ");
  return goTo(callbackPath(idOf(call)), { "set-cookie": cookie });
}

async function takeLogout(identity: Identity, call: PlainCall): Promise<PlainAnswer> {
  // The provider's word that a sign-out is done there: the session here ended when it began.
  if (call.form.has("SAMLResponse") || new URLSearchParams(call.rawQuery).has("SAMLResponse")) return goTo("/sign-in");
  const { url } = await identity.endFromSaml(idOf(call), messageOf(call), fromOf(call));
  return url === undefined ? { status: 200, headers: plain, body: "Signed out.\n" } : goTo(url);
}

function messageOf({ form, rawQuery }: PlainCall): LogoutMessage {
  const request = form.get("SAMLRequest");
  return request === null ? { rawQuery } : { form: { request, relayState: form.get("RelayState") ?? undefined } };
}

const plain = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };

function goTo(location: string, headers: Record<string, string> = {}): PlainAnswer {
  return { status: 303, headers: { ...plain, location, ...headers }, body: "" };
}

const idOf = ({ params }: PlainCall): string => params["id"] ?? "";
const fromOf = ({ remoteAddress, userAgent, requestId }: PlainCall) => ({ address: remoteAddress, userAgent, requestId });

/** A message that does not count is told so and no more; why is in the audit trail. */
async function guarded(work: () => Promise<PlainAnswer>): Promise<PlainAnswer> {
  try {
    return await work();
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code !== "identity_provider_refused") throw thrown;
    return { status: 400, headers: plain, body: "The message does not count.\n" };
  }
}
