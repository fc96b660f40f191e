/** Contract routes of what devices are signed in to with → use cases. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { askerOf, callerOf, type RequestContext } from "#platform/http";
import type { Devices } from "./index.ts";

export function createCredentialRoutes({ credentials }: Devices) {
  const os = implement(contract.credentials).$context<RequestContext>();
  return os.router({
    list: os.list.handler(async ({ input: { secret, cursor, limit }, context }) => {
      const found = await credentials.list({ secret, after: decodeCursor(z.string(), cursor), limit: limit + 1 }, callerOf(context));
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(found.length > limit && last ? { next: encodeCursor(last.deviceName) } : {}) };
    }),
    rotate: os.rotate.handler(({ input, context }) => credentials.rotate(input, askerOf(context))),
  });
}
