/** Why nothing answers a request: no such address, or one that has other methods. */
import { routesOf, type ContractRoute, type Method } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { AnyContractRouter } from "@orpc/contract";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Says why nothing answers a request. The contract's routes are below `prefix`. */
export function createMissing(contract: AnyContractRouter, prefix: string): (request: FastifyRequest, reply: FastifyReply) => Problem {
  const patterns = routesOf(contract).map((route) => ({
    ...route,
    at: new RegExp(`^${prefix}${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  }));
  return ({ method, url }, reply) => {
    const fitting = patterns.filter(({ at }) => at.test(url.split("?")[0] ?? ""));
    const methods = fitting.filter(({ path }) => !fitting.some((one) => isMoreGeneral(path, one.path))).map((one) => one.method);
    if (methods.length === 0)
      return new Problem("route_missing", {
        kind: "missing",
        say: `Nothing answers ${method} at this address; ${prefix}/docs lists what does.`,
      });
    // There is such a route, but Fastify passes over parts of an address that are longer than maxParamLength.
    if (methods.includes(method as Method))
      return new Problem("url_too_long", { kind: "invalid", status: 414, say: "A part of the address is too long." });
    return methodMissing(methods, reply);
  };
}

/** The address has other methods. */
export function methodMissing(methods: readonly Method[], reply: FastifyReply): Problem {
  const allowed = methods.join(", ");
  reply.header("allow", allowed);
  return new Problem("method_not_allowed", { kind: "invalid", status: 405, say: `This address takes ${allowed} and no other method.` });
}

interface Shadow {
  method: Method;
  path: string;
  /** What the address does take. */
  methods: Method[];
}

/**
 * `/things/import` is an address of its own (OpenAPI 3.1, 4.8.8.2): where it takes POST alone, GET is refused there, and does not read
 * the thing named `import`. These are the methods that a more general address would answer in its place.
 */
export function shadowsOf(routes: readonly ContractRoute[]): Shadow[] {
  const paths = Map.groupBy(routes, ({ path }) => path);
  return [...paths].flatMap(([path, own]) => {
    const methods = own.map(({ method }) => method);
    const general = routes.filter((route) => isMoreGeneral(route.path, path) && !methods.includes(route.method));
    return [...new Set(general.map(({ method }) => method))].map((method) => ({ method, path, methods }));
  });
}

/** True when `general` is `path` with a parameter in place of words. */
function isMoreGeneral(general: string, path: string): boolean {
  const [wide, narrow] = [general.split("/"), path.split("/")];
  const isPlace = (part: string | undefined): boolean => part?.startsWith("{") === true;
  return (
    wide.length === narrow.length &&
    wide.every((part, at) => part === narrow[at] || isPlace(part)) &&
    wide.some((part, at) => isPlace(part) && !isPlace(narrow[at]))
  );
}
