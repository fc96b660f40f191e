/**
 * How often somebody may call: each signed-in user, and each address of callers who are nobody. Told in the headers RateLimit-Policy
 * and RateLimit (draft-ietf-httpapi-ratelimit-headers-10), and by 429 with Retry-After. Counted by each process for itself.
 */
import { Problem, type Clock } from "@holdfast/kit";
import type { FastifyReply } from "fastify";

/** Most requests a minute, in one go or spread; 0 sets no limit. */
export interface RateLimits {
  user: number;
  address: number;
}

/** A console with several tabs stays far below the one; the other is what the source system sets. */
export const usualRateLimits: RateLimits = { user: 1000, address: 100 };

const windowMs = 60_000;
/** Callers that are kept at the most, twice. */
const mostKept = 100_000;

export interface Counted {
  allowed: boolean;
  remaining: number;
  /** Until the whole quota is there again. */
  resetS: number;
  /** Until one more request is allowed. */
  retryS: number;
}

/**
 * A token bucket as one number per caller (GCRA, ITU-T I.371): the moment at which its bucket would be full again.
 * Asking costs the same however many callers there are.
 */
export function createBuckets(perMinute: number, clock: Pick<Clock, "now">) {
  let fullAt = new Map<string, number>();
  let before = new Map<string, number>();
  let turnedAt = clock.now();
  const costMs = windowMs / perMinute;

  function take(caller: string): Counted {
    const now = clock.now();
    turnOver(now);
    const from = Math.max(now, fullAt.get(caller) ?? before.get(caller) ?? now);
    const after = from + costMs;
    const allowed = after - now <= windowMs;
    fullAt.set(caller, allowed ? after : from);
    const owed = (allowed ? after : from) - now;
    return {
      allowed,
      remaining: Math.max(0, Math.floor((windowMs - owed) / costMs + 1e-9)),
      resetS: Math.ceil(owed / 1000),
      retryS: Math.max(1, Math.ceil((after - now - windowMs) / 1000)),
    };
  }

  /** Whoever asked nothing for a whole minute has a full bucket and may be forgotten; in a flood, the oldest are forgotten sooner. */
  function turnOver(now: number): void {
    if (now - turnedAt < windowMs && fullAt.size < mostKept) return;
    before = fullAt;
    fullAt = new Map();
    turnedAt = now;
  }

  return { take, kept: () => fullAt.size + before.size };
}

/** Counts a request of this user, or, without one, of this address; writes the headers. @throws Problem `rate_limited` */
export type CountRequest = (caller: { userId?: string | undefined; address: string }, reply: FastifyReply) => void;

export function createRateLimiter(limits: RateLimits, clock: Pick<Clock, "now">): CountRequest {
  const buckets = { user: createBuckets(limits.user, clock), address: createBuckets(limits.address, clock) };
  return ({ userId, address }, reply) => {
    const policy = userId === undefined ? "address" : "user";
    const quota = limits[policy];
    if (quota === 0) return;
    const counted = buckets[policy].take(userId ?? networkOf(address));
    reply.header("ratelimit-policy", `"${policy}";q=${quota};w=${windowMs / 1000}`);
    reply.header("ratelimit", `"${policy}";r=${counted.remaining};t=${counted.resetS}`);
    if (counted.allowed) return;
    reply.header("retry-after", counted.retryS);
    throw new Problem("rate_limited", {
      kind: "limit",
      say: `More than ${quota} requests a minute from this ${policy}; wait ${counted.retryS} s.`,
    });
  };
}

/** Of IPv6 the network of 64 bits, which one customer has whole. */
function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [front = "", back] = address.split("::");
  const left = front.split(":").filter((group) => group !== "");
  const right = (back ?? "").split(":").filter((group) => group !== "");
  const zeros = back === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].slice(0, 4).join(":");
}
