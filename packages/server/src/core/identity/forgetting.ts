/** What this process itself takes away counts with its next request, without waiting for the event that tells the others. */
import type { Identity } from "./index.ts";
import type { SessionCache } from "./session-cache.ts";

/** Acts after which everybody may do what they could before. An act that is not listed makes the cache forget, which is never wrong. */
const harmless = [
  "authenticate",
  "createEnrolment",
  "enrolMachine",
  "follow",
  "keySet",
  "listClientSecrets",
  "listDoors",
  "listIdentities",
  "listKeys",
  "listKeysOf",
  "listProviders",
  "listRoles",
  "listSessions",
  "listSessionsOf",
  "listUsers",
  "me",
  "previewGrants",
  "readProviderMetadata",
  "receiveResponse",
  "redeemLink",
  "renewMachine",
  "samlMetadata",
  "setupNeeded",
  "signIn",
  "signingKeys",
  "startAtProvider",
  "startStepUp",
  "sweep",
] as const satisfies readonly (keyof Identity)[];

const calm: ReadonlySet<PropertyKey> = new Set(harmless);

/** The same acts; whoever calls one that may take something away finds the cache empty afterwards. */
export function forgetting(cache: Pick<SessionCache, "forgetAll">, identity: Identity): Identity {
  return new Proxy(identity, {
    get(acts, name): unknown {
      const act: unknown = Reflect.get(acts, name);
      if (typeof act !== "function" || calm.has(name)) return act;
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(act, acts, args);
        } finally {
          cache.forgetAll();
        }
      };
    },
  });
}
