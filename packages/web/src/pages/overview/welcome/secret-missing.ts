/** What a repository's problem says is missing. Pure. */

/** The name in `There is no secret named "lyon/routers".`; undefined for any other problem. */
export function secretMissing(problem: string | undefined): string | undefined {
  return /^There is no secret named "([a-z0-9][a-z0-9._/-]*)"/.exec(problem ?? "")?.[1];
}
