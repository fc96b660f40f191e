/** The places of a problem as the errors of a form's fields. Pure. */
import type { ProblemPlace } from "@holdfast/kit";

/** `{ at: "port", say }` → `{ port: say }`; what names no field of the form is left to the notice. */
export function fieldErrors(places: ProblemPlace[], fields: string[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const place of places) {
    const field = fields.find((name) => place.at === name || place.at.endsWith(`.${name}`));
    if (field !== undefined) errors[field] ??= place.say;
  }
  return errors;
}
