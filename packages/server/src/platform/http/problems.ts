/** Every failure as a Problem: the web framework's, the contract's, our own (the database's are explained by `db`). What nobody foresaw says nothing about itself. */
import { ORPCError, ValidationError } from "@orpc/server";
import { asProblem, isProblem, Problem, type ProblemKind, type ProblemPlace } from "@holdfast/kit";

/** Any thrown value as the Problem that the caller is told. */
export function httpProblem(thrown: unknown): Problem {
  if (isProblem(thrown)) return thrown;
  const invalid = thrown instanceof ORPCError && thrown.code === "BAD_REQUEST" && thrown.cause instanceof ValidationError;
  if (invalid) return inputProblem((thrown.cause as ValidationError).issues);
  return frameworkProblem(thrown) ?? asProblem(thrown instanceof ORPCError ? (thrown.cause ?? thrown) : thrown);
}

interface Issue {
  code?: string;
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  keys?: readonly string[];
  errors?: readonly (readonly Issue[])[];
}

/** For a header that the caller relies on, where it would do nothing. */
export function headerUseless(name: string, why: string): Problem {
  return new Problem("header_useless", {
    kind: "invalid",
    say: `This route takes no ${name}: ${why}. Leave it out.`,
    places: [{ at: name, say: "does nothing here" }],
  });
}

/** The problem of an input that does not have the shape its route asks for. */
export function inputProblem(issues: readonly Issue[]): Problem {
  const places = issues.flatMap((issue) => placesOf(issue, ""));
  const [first, ...rest] = places;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more, see errors)`;
  return new Problem("input_invalid", {
    kind: "invalid",
    say: first === undefined ? "The input is not what this route asks for." : `${first.at}: ${first.say}${more}.`,
    places: places.slice(0, mostPlaces),
  });
}

/** Whoever has more to mend begins with these. */
const mostPlaces = 100;

function placesOf(issue: Issue, below: string): ProblemPlace[] {
  const at = join(below, issue.path ?? []);
  if (issue.code === "unrecognized_keys")
    return (issue.keys ?? []).map((key) => ({ at: join(at, [key]), say: "is not known here; remove it or mend its name" }));
  if (issue.code === "invalid_union" && issue.errors !== undefined && issue.errors.length > 0)
    return nearest(issue.errors).flatMap((one) => placesOf(one, at));
  return [{ at: at === "" ? "input" : at, say: issue.message }];
}

/** Of several shapes that all refuse, the one that came closest: the fewest faults, and those the deepest. */
function nearest(errors: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map((issue) => issue.path?.length ?? 0));
  return [...errors].sort((a, b) => a.length - b.length || depth(b) - depth(a))[0] ?? [];
}

function join(below: string, path: NonNullable<Issue["path"]>): string {
  const steps = path.map((step) => String(typeof step === "object" ? step.key : step));
  return [below, ...steps].filter((step) => step !== "").join(".");
}

const frameworkProblems: Record<string, [status: number, code: string, say: string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, "media_type_unsupported", "Send the body as application/json."],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "body_too_large", "The body is larger than this route takes, 6 MB at the most; send less at a time."],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, "body_malformed", "The body is empty though it is announced as JSON."],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "body_malformed", "The body is not JSON, or holds a key that is not allowed (__proto__)."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, "body_malformed", "The body is not as long as Content-Length says."],
  FST_ERR_BAD_URL: [400, "url_malformed", "The address holds a % that begins no valid escape."],
  FST_ERR_MAX_PARAM_LENGTH: [414, "url_too_long", "A part of the address is too long."],
  HPE_HEADER_OVERFLOW: [431, "headers_too_large", "The headers are larger than 16 KB."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request_timeout", "The request took too long to arrive."],
};

function frameworkProblem(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown };
  const known = typeof code === "string" ? frameworkProblems[code] : undefined;
  if (known !== undefined) return refusal(...known);
  const refused = typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
  return refused ? refusal(statusCode, "request_malformed", "The request is malformed.") : undefined;
}

function refusal(status: number, code: string, say: string): Problem {
  return new Problem(code, { kind: "invalid", status, say });
}

/** The problem of a connection that breaks before a request can be read (an error of Node's HTTP parser). */
export function connectionProblem(thrown: unknown): Problem {
  return frameworkProblem(thrown) ?? refusal(400, "request_malformed", "This is not a well-formed HTTP request.");
}

/** Kinds that a caller may repeat as they are, and after how many seconds (Retry-After). */
export const retryAfterS: Partial<Record<ProblemKind, number>> = { unavailable: 5, limit: 30 };
