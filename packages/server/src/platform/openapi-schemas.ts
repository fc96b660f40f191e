/** Shapes of the contract as JSON Schema: what the converter leaves out of texts, so that the document asks for what the server asks for. */
import { ZodToJsonSchemaConverter } from "@orpc/zod/zod4";
import type { z } from "zod";

type Definition = z.core.$ZodTypes["_zod"]["def"];

export function createSchemaConverter(): ZodToJsonSchemaConverter {
  return new ZodToJsonSchemaConverter({
    interceptors: [
      ({ schema, next }) => {
        const [required, json] = next();
        return [required, typeof json === "boolean" ? json : { ...json, ...moreOf((schema as z.core.$ZodTypes)._zod.def) }];
      },
    ],
  });
}

function moreOf(def: Definition): { pattern?: string; enum?: string[] } {
  if (def.type === "pipe") return isYesOrNo(def) ? { enum: ["true", "false"] } : {};
  if (def.type !== "string") return {};
  if (!("format" in def)) return mustSaySomething(def) ? { pattern: String.raw`\S` } : {};
  const { format, pattern, protocol } = def as { format: string; pattern?: RegExp; protocol?: RegExp };
  if (format === "datetime") return { pattern: "Z$" };
  if (format === "email" && pattern !== undefined) return { pattern: pattern.source };
  return format === "url" && protocol !== undefined ? { pattern: `^(?:${protocol.source.replaceAll(/^\^|\$$/g, "")})://.` } : {};
}

/** Blanks around it are taken away, and then it may not be empty. */
function mustSaySomething({ checks = [] }: Definition): boolean {
  const kinds = checks.map((one) => one._zod.def as { check: string; minimum?: number });
  return kinds.some(({ check }) => check === "overwrite") && kinds.some(({ check, minimum = 0 }) => check === "min_length" && minimum > 0);
}

/** `z.stringbool`: a query says `true` or `false`. */
function isYesOrNo(def: z.core.$ZodPipeDef): boolean {
  return def.in._zod.def.type === "string" && def.out._zod.def.type === "boolean";
}
