/** Where the request under way came from, for what is recorded deep below it. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Origin {
  requestId: string;
  /** The caller's address, as `RequestContext.remoteAddress`. */
  address: string;
}

const origins = new AsyncLocalStorage<Origin>();

export function fromOrigin<T>(origin: Origin, work: () => Promise<T>): Promise<T> {
  return origins.run(origin, work);
}

/**
 * The origin of the request with this id, when it is the one under way. The id is asked for because work that a request set off (a rollout,
 * a job) goes on in its context and is not its doing: it does not name the request.
 */
export function currentOrigin(requestId: string | undefined): Origin | undefined {
  const origin = origins.getStore();
  return origin !== undefined && origin.requestId === requestId ? origin : undefined;
}
