/** A role that somebody has, written in one word: `operator`, or `operator@site=lyon` where it counts for some labels only. */

export interface WrittenGrant {
  role: string;
  /** Where the role counts; everywhere when absent. */
  selector?: string | undefined;
}

export function writeGrant({ role, selector }: WrittenGrant): string {
  return selector === undefined ? role : `${role}@${selector}`;
}

/** The other way round; whether there is such a role, and whether the selector is one, is for others to say. */
export function readGrant(text: string): { role: string; selector?: string } {
  const at = text.indexOf("@");
  return at < 0 ? { role: text } : { role: text.slice(0, at), selector: text.slice(at + 1) };
}

/** All of them, for a person. */
export function writeGrants(grants: readonly WrittenGrant[]): string {
  return grants.map(writeGrant).join(", ");
}
