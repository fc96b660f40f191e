/** Inventory, running configuration, versions, drift. */
import { z } from "zod";
import { idParam, instant, labels, labelsPatch, mergePatchOf, pageOf, pageQuery, route, selector } from "./route.ts";
import { diffLine, plan } from "./rollouts.ts";

export const platforms = ["ios", "frr"] as const;
export const platform = z.enum(platforms);
export type PlatformName = (typeof platforms)[number];

/** `alert`: drift becomes a finding. `revert`: it becomes a finding and a rollout that mends it. */
export const driftMode = z.enum(["alert", "revert"]);

const deviceFields = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "letters, digits, . _ - (63 at most)"),
  platform,
  address: z.string().min(1).max(253).describe("IP address or DNS name"),
  port: z.number().int().min(1).max(65_535),
  site: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .optional(),
  labels,
  redundancyGroup: z.string().max(63).optional().describe("Devices of one group never change at one time"),
  credential: z.string().max(100).optional().describe("Name of the secret to sign in with"),
  bastion: z.string().max(63).optional().describe("Name of the device to jump through"),
  driftMode,
});

/** What an operator writes of a device; a document of kind Device holds the same under `spec`. */
export const deviceSpec = deviceFields.extend({
  port: deviceFields.shape.port.default(22),
  labels: labels.default({}),
  driftMode: driftMode.default("alert"),
});
/** What a change of a device may hold (RFC 7396): what is left out stays, null clears. */
export const devicePatch = mergePatchOf(deviceFields).extend({ labels: labelsPatch });
export type DevicePatch = z.infer<typeof devicePatch>;
export type DeviceSpec = z.infer<typeof deviceSpec>;

export const device = deviceSpec.extend({
  id: z.string(),
  hostKey: z.string().optional().describe("Pinned host key, `SHA256:…`"),
  reachable: z.boolean().optional().describe("As last seen; absent when never tried"),
  lastSeenAt: instant.optional(),
  lastProblem: z.string().optional(),
  drift: z.enum(["as_intended", "drifted", "unknown"]),
  runningHash: z.string().optional(),
  backedUpAt: instant.optional(),
  createdAt: instant,
  updatedAt: instant,
  etag: z.string(),
});
export type Device = z.infer<typeof device>;

/** A kept running configuration. */
export const configVersion = z.object({
  id: z.string(),
  device: z.string(),
  hash: z.string(),
  at: instant,
  lines: z.number().int(),
  reason: z.string().describe("`scheduled`, `before rollout <id>`, `after rollout <id>`, `as revision <commit>`, `plan`, `drift`, `by hand`"),
});
export type ConfigVersion = z.infer<typeof configVersion>;

export const importReport = z.object({
  created: z.array(z.string()),
  updated: z.array(z.string()),
  unchanged: z.array(z.string()),
  errors: z.array(z.object({ at: z.string().describe("`row 7, column port` or `line 12`"), say: z.string() })),
  dryRun: z.boolean(),
});

export const driftItem = z.object({
  device: z.string(),
  deviceName: z.string(),
  site: z.string().optional(),
  since: instant,
  summary: z.string(),
  added: z.number().int(),
  removed: z.number().int(),
  diff: z.array(diffLine),
  finding: z.string().optional(),
});

const tags = ["devices"];
const backupTags = ["backups"];
export const devicesContract = {
  list: route("GET", "/devices", { permission: "devices:read", summary: "List devices by name", tags })
    .input(
      pageQuery.extend({
        q: z.string().max(200).optional(),
        selector: selector.optional(),
        site: z.string().optional(),
        platform: platform.optional(),
        drift: z.enum(["as_intended", "drifted", "unknown"]).optional(),
      }),
    )
    .output(pageOf(device)),
  get: route("GET", "/devices/{id}", { permission: "devices:read", summary: "One device, by id or name", tags })
    .input(idParam)
    .output(device),
  create: route("POST", "/devices", { permission: "devices:write", summary: "Add a device", tags, status: 201, idempotency: "accepted" })
    .input(deviceSpec)
    .output(device),
  update: route("PATCH", "/devices/{id}", { permission: "devices:write", summary: "Change a device", tags, precondition: "if-match" })
    .input(idParam.extend(devicePatch.shape))
    .output(device),
  remove: route("DELETE", "/devices/{id}", {
    permission: "devices:write",
    summary: "Remove a device and its kept configurations",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  import: route("POST", "/devices/import", {
    permission: "devices:write",
    summary: "Import devices from YAML or CSV: all rows, or none",
    tags,
    idempotency: "accepted",
  })
    .input(z.object({ format: z.enum(["yaml", "csv"]), content: z.string().max(5_000_000), dryRun: z.boolean().default(false) }))
    .output(importReport),
  export: route("GET", "/devices/export", { permission: "devices:read", summary: "Export devices as YAML or CSV", tags })
    .input(z.object({ format: z.enum(["yaml", "csv"]).default("yaml"), selector: selector.optional() }))
    .output(z.object({ content: z.string() })),
  hostKey: route("POST", "/devices/{id}/host-key/scan", {
    permission: "devices:read",
    summary: "The host key that the device shows now; nothing is pinned",
    tags,
  })
    .input(idParam)
    .output(z.object({ fingerprint: z.string(), pinned: z.string().optional(), matches: z.boolean() })),
  trustHostKey: route("POST", "/devices/{id}/host-key/trust", {
    permission: "devices:write",
    summary: "Pin a host key that you have compared",
    tags,
    idempotency: "accepted",
  })
    .input(idParam.extend({ fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/), reason: z.string().min(3).max(500) }))
    .output(device),
  running: route("GET", "/devices/{id}/running", {
    permission: "devices:read",
    summary: "The newest kept running configuration, secrets masked",
    tags,
  })
    .input(idParam)
    .output(z.object({ version: configVersion, text: z.string() })),
  backup: route("POST", "/backups", {
    permission: "devices:write",
    summary: "Back up devices now",
    tags: backupTags,
    status: 202,
    idempotency: "accepted",
  })
    .input(z.object({ selector: selector.optional(), devices: z.array(z.string()).max(10_000).optional() }))
    .output(
      z.object({
        items: z.array(
          z.object({
            device: z.string(),
            deviceName: z.string(),
            version: configVersion.optional(),
            changed: z.boolean(),
            problem: z.string().optional(),
          }),
        ),
      }),
    ),
  versions: route("GET", "/devices/{id}/versions", {
    permission: "devices:read",
    summary: "Kept configurations, newest first",
    tags: backupTags,
  })
    .input(idParam.extend(pageQuery.shape))
    .output(pageOf(configVersion)),
  version: route("GET", "/devices/{id}/versions/{version}", {
    permission: "devices:read",
    summary: "One kept configuration; `reveal` needs devices:reveal and is audited",
    tags: backupTags,
  })
    .input(idParam.extend({ version: z.string(), reveal: z.stringbool().optional() }))
    .output(z.object({ version: configVersion, text: z.string() })),
  versionDiff: route("GET", "/devices/{id}/versions/{version}/diff", {
    permission: "devices:read",
    summary: "What changed between two kept configurations",
    tags: backupTags,
  })
    .input(idParam.extend({ version: z.string(), from: z.string().optional().describe("The one before unless told") }))
    .output(z.object({ diff: z.array(diffLine), before: z.string(), after: z.string() })),
  restore: route("POST", "/devices/{id}/versions/{version}/restore", {
    permission: "plans:write",
    summary: "Plan going back to a kept configuration",
    tags: backupTags,
    status: 201,
    idempotency: "accepted",
  })
    .input(idParam.extend({ version: z.string() }))
    .output(plan),
  drift: route("GET", "/drift", {
    permission: "devices:read",
    summary: "Devices whose running configuration is not the intended one",
    tags: ["drift"],
  })
    .input(pageQuery)
    .output(pageOf(driftItem)),
  checkDrift: route("POST", "/drift/check", {
    permission: "devices:read",
    summary: "Look for drift now",
    tags: ["drift"],
    idempotency: "accepted",
  })
    .input(z.object({ selector: selector.optional() }))
    .output(z.object({ checked: z.number().int(), drifted: z.number().int(), unreachable: z.number().int(), items: z.array(driftItem) })),
  revertDrift: route("POST", "/devices/{id}/drift/revert", {
    permission: "plans:write",
    summary: "Plan the way back from drift",
    tags: ["drift"],
    status: 201,
    idempotency: "accepted",
  })
    .input(idParam)
    .output(plan),
};
