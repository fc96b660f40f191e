/** Roles: those that are always there, and those that administrators make. */
import { z } from "zod";
import { idParam, labels, permissions, route } from "./route.ts";
import { grants, roleName } from "./identity.ts";

/** What a role can grant: all but what nobody needs to be granted. */
export const grantable = permissions.filter((permission) => permission !== "public" && permission !== "self");

const rolePermissions = z.array(z.enum(grantable)).min(1).max(100);
const description = z.string().max(500);

export const roleSummary = z.object({
  id: roleName,
  description,
  builtIn: z.boolean().describe("Always there; what it may do cannot be changed"),
  permissions: z.array(z.enum(permissions)),
  secondFactor: z.boolean().describe("Whoever has this role signs in with a second factor"),
  users: z.number().int().describe("How many users have it"),
  etag: z.string(),
});
export type RoleSummary = z.infer<typeof roleSummary>;

const tags = ["users"];

export const rolesContract = {
  list: route("GET", "/roles", { permission: "users:read", summary: "List roles", tags }).output(z.object({ items: z.array(roleSummary) })),
  create: route("POST", "/roles", {
    stepUp: true,
    permission: "users:write",
    summary: "Make a role of your own",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(z.object({ name: roleName, description: description.default(""), permissions: rolePermissions }))
    .output(roleSummary),
  update: route("PATCH", "/roles/{id}", {
    stepUp: true,
    permission: "users:write",
    summary: "Change what a role says of itself, or whether it needs a second factor",
    tags,
    precondition: "if-match",
  })
    .input(idParam.extend({ description: description.optional(), secondFactor: z.boolean().optional() }))
    .output(roleSummary),
  setPermissions: route("POST", "/roles/{id}/permissions", {
    stepUp: true,
    permission: "users:write",
    summary: "Change what a role of your own may do, for all who have it",
    tags,
    precondition: "if-match",
    idempotency: "accepted",
  })
    .input(idParam.extend({ permissions: rolePermissions }))
    .output(roleSummary),
  remove: route("DELETE", "/roles/{id}", {
    stepUp: true,
    permission: "users:write",
    summary: "Remove a role that nobody has",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  preview: route("POST", "/roles/preview", {
    permission: "users:read",
    summary: "What these grants allow, and whether they allow it for something with these labels",
    tags,
    idempotency: "accepted",
  })
    .input(z.object({ grants, labels: labels.optional() }))
    .output(
      z.object({
        items: z.array(
          z.object({
            permission: z.enum(permissions),
            selectors: z.array(z.string()).describe("Where it counts; empty: everywhere"),
            ofNoUse: z
              .literal(true)
              .optional()
              .describe("It counts for some labels only, and nothing takes it so: whoever needs it needs it everywhere"),
            allowed: z.boolean().optional().describe("For what carries the labels asked about"),
          }),
        ),
      }),
    ),
};
