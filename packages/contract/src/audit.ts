/** The audit trail: who did what to what, from where, and why; chained and signed. */
import { eventIterator } from "@orpc/contract";
import { z } from "zod";
import { auditSeverities, auditTypes } from "./audit-catalogue.ts";
import { instant, pageOf, pageQuery, route } from "./route.ts";

export const auditEntry = z.object({
  seq: z.number().int(),
  at: instant,
  actor: z.string().describe("`user:<name>`; `user:~<pseudonym>` once the person is forgotten"),
  action: z.string().describe("`<module>.<thing>.<verb>`, e.g. `devices.device.create`"),
  subject: z.string().describe("`<kind>:<id>`"),
  severity: z.enum(auditSeverities),
  reason: z.string().optional(),
  requestId: z.string().optional(),
  address: z.string().optional().describe("Where the request came from"),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

const filter = z.object({
  actor: z.string().max(200).optional(),
  action: z.string().max(200).optional().describe("Exact, or a beginning that ends in `.` or `*`"),
  type: z.enum(auditTypes).optional().describe("Type of security event"),
  subject: z.string().max(300).optional(),
  severity: z.enum(auditSeverities).optional(),
  since: instant.optional().describe("Not before this"),
  until: instant.optional().describe("Before this"),
  q: z.string().max(200).optional().describe("Words of the entry, in any order; the last may be the beginning of one"),
});

export const auditExportPiece = z.object({
  text: z.string(),
  done: z.object({ pieces: z.number().int() }).optional().describe("Only in the last piece: what ends without it was cut off"),
});

export const auditCheckpoint = z.object({
  no: z.number().int(),
  seq: z.number().int(),
  hash: z.string(),
  at: instant,
  keyId: z.string(),
  signature: z.string().describe("Ed25519, base64"),
});
export type AuditCheckpoint = z.infer<typeof auditCheckpoint>;

export const auditSigningKey = z.object({
  keyId: z.string(),
  publicKey: z.string().describe("SPKI, PEM"),
  createdAt: instant,
  signsFrom: z.number().int().describe("Number of the first checkpoint that it signs"),
});
export type AuditSigningKey = z.infer<typeof auditSigningKey>;

export const auditArchive = z.object({
  firstSeq: z.number().int(),
  lastSeq: z.number().int(),
  lastHash: z.string(),
  file: z.string(),
  sha256: z.string(),
  at: instant,
});
export type AuditArchive = z.infer<typeof auditArchive>;

const tags = ["audit"];
export const auditContract = {
  list: route("GET", "/audit", { permission: "audit:read", summary: "Search the audit trail, newest first", tags })
    .input(pageQuery.extend(filter.shape))
    .output(pageOf(auditEntry)),
  verify: route("GET", "/audit/verify", { permission: "audit:read", summary: "Recompute the hash chain", tags }).output(
    z.object({ ok: z.boolean(), entries: z.number().int(), head: z.string(), brokenAt: z.number().int().optional(), say: z.string() }),
  ),
  export: route("GET", "/audit/export", { permission: "audit:read", summary: "Export the trail, in pieces of text; recorded", tags })
    .input(
      filter.extend({
        format: z
          .enum(["jsonl", "csv"])
          .default("jsonl")
          .describe("jsonl: the whole chain, to verify it elsewhere; csv: what fits the filter"),
        names: z.enum(["yes", "no"]).default("no").describe("jsonl: with the people behind the pseudonyms and their keys"),
      }),
    )
    .output(eventIterator(auditExportPiece)),
  checkpoints: route("GET", "/audit/checkpoints", { permission: "audit:read", summary: "Signed checkpoints, newest first", tags })
    .input(pageQuery)
    .output(pageOf(auditCheckpoint)),
  keys: route("GET", "/audit/keys", { permission: "audit:read", summary: "Public keys of the checkpoints", tags }).output(
    z.object({ items: z.array(auditSigningKey) }),
  ),
  rotateKey: route("POST", "/audit/keys/rotate", {
    permission: "audit:write",
    summary: "Make a new key that signs checkpoints; announced under a checkpoint of the old one, which stays verifiable",
    tags,
    stepUp: true,
    idempotency: "accepted",
  })
    .input(z.object({ dryRun: z.boolean().default(false), reason: z.string().min(1).max(500).optional() }))
    .output(
      z.object({
        done: z.boolean().describe("False for a dry run"),
        previous: z.string().describe("Id of the key that signed until now"),
        next: auditSigningKey.optional(),
      }),
    ),
  checkpoint: route("POST", "/audit/checkpoints", {
    permission: "audit:write",
    summary: "Sign the end of the chain now",
    tags,
    idempotency: "accepted",
  }).output(z.object({ checkpoint: auditCheckpoint.optional() })),
  archives: route("GET", "/audit/archives", { permission: "audit:read", summary: "Archives, newest first", tags }).output(
    z.object({ items: z.array(auditArchive) }),
  ),
  archive: route("POST", "/audit/archives", {
    permission: "audit:write",
    summary: "Write old entries to a file of the server and forget them here",
    tags,
    stepUp: true,
    idempotency: "accepted",
  })
    .input(
      z.object({
        olderThanDays: z.number().int().min(30).max(3650).describe("Entries of the last 30 days always stay"),
        dryRun: z.boolean().default(false),
        reason: z.string().min(1).max(500).optional(),
      }),
    )
    .output(z.object({ entries: z.number().int(), archive: auditArchive.optional() })),
};
