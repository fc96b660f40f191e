/** Inventory, running configuration, versions, drift. */
import { z } from "zod";
import { idParam, instant, labels, labelsPatch, mergePatchOf, pageOf, pageQuery, route, selector } from "./route.ts";
import { diffLine, plan } from "./rollouts.ts";

/** Operating systems whose configurations we read and change. */
export const platforms = ["ios", "frr"] as const;
export type PlatformName = (typeof platforms)[number];
/** What a device may be. A `jump_host` is an SSH server that sessions go through; nothing else is done with it. */
export const devicePlatforms = [...platforms, "jump_host"] as const;
export const platform = z.enum(devicePlatforms).describe("`jump_host`: an SSH server that sessions go through, and nothing else");
export type DevicePlatform = (typeof devicePlatforms)[number];

/** `alert`: drift becomes a finding. `revert`: it becomes a finding and a rollout that mends it. */
export const driftMode = z.enum(["alert", "revert"]);

const ipv4 = String.raw`(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}`;
const ipv6 = String.raw`(?=[^:]*:[^:]*:)[0-9A-Fa-f:]{2,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%[A-Za-z0-9._-]{1,32})?`;
/** RFC 1123, with underscores; the last label is not a number, which would be an IPv4 address gone wrong. */
const hostName = String.raw`(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*(?!\d+\.?$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?`;
/** Text that a database can keep: whole characters, and none of them NUL. */
const words = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cs}\0]*$/u, "whole characters, without NUL");
/** Keys are what a selector can ask for (`parseSelector`). */
const labelKey = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$/, "letters, digits, _ . / - (63 at most)");
const written = words(255);
const fingerprint = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "a fingerprint such as SHA256:… (43 characters)");
const why = words(500).min(3);

/** A device is found by its name as well, below `/devices`, where these are addresses of their own. */
const taken = "(?!(?:import|export)$)";

const deviceFields = z.object({
  name: z
    .string()
    .regex(new RegExp(`^${taken}[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`), "letters, digits, . _ - (63 at most), not `import` or `export`"),
  platform,
  address: z
    .string()
    .regex(new RegExp(`^(?:${ipv4}|${ipv6}|${hostName})$`), "an IP address or a host name")
    .describe("IP address or DNS name"),
  port: z.number().int().min(1).max(65_535),
  site: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .optional(),
  labels: z.record(labelKey, written).describe("key=value labels"),
  redundancyGroup: words(63).optional().describe("Devices of one group never change at one time"),
  credential: words(300).optional().describe("Name of the secret to sign in with, or where Vault keeps it: `vault:kv/network/r1#password`"),
  bastion: words(63).optional().describe("Name of the device to jump through"),
  driftMode,
});

/** What an operator writes of a device; a document of kind Device holds the same under `spec`. */
export const deviceSpec = deviceFields.extend({
  port: deviceFields.shape.port.default(22),
  labels: deviceFields.shape.labels.default({}),
  driftMode: driftMode.default("alert"),
});
/** What a change of a device may hold (RFC 7396): what is left out stays, null clears. */
export const devicePatch = mergePatchOf(deviceFields).extend({
  labels: z
    .record(labelKey, written.nullable())
    .optional()
    .describe(labelsPatch.description ?? ""),
});
export type DevicePatch = z.infer<typeof devicePatch>;
export type DeviceSpec = z.infer<typeof deviceSpec>;

export const device = deviceSpec.extend({
  // As they are kept, whatever the rules were then.
  address: z.string(),
  labels,
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
  reason: z
    .string()
    .describe("`scheduled`, `before rollout <id>`, `after rollout <id>`, `as revision <commit>`, `plan`, `drift`, `by hand`"),
});
export type ConfigVersion = z.infer<typeof configVersion>;

export const importReport = z.object({
  created: z.array(z.string()),
  updated: z.array(z.string()),
  unchanged: z.array(z.string()),
  trusted: z.array(z.string()).describe("Devices whose host key was pinned by this import"),
  untrusted: z
    .array(z.object({ device: z.string(), say: z.string() }))
    .describe("Devices whose host key was to be trusted as shown, and could not be read"),
  errors: z.array(z.object({ at: z.string().describe("`row 7, column port` or `line 12`"), say: z.string() })),
  dryRun: z.boolean(),
});

export type ImportReport = z.infer<typeof importReport>;

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
  list: route("GET", "/devices", { permission: "devices:read", scoped: true, summary: "List devices by name", tags })
    .input(
      pageQuery.extend({
        q: z.string().max(200).optional(),
        selector: selector.optional(),
        site: z.string().max(63).optional(),
        platform: platform.optional(),
        drift: z.enum(["as_intended", "drifted", "unknown"]).optional(),
      }),
    )
    .output(pageOf(device)),
  get: route("GET", "/devices/{id}", { permission: "devices:read", scoped: true, summary: "One device, by id or name", tags })
    .input(idParam)
    .output(device),
  create: route("POST", "/devices", {
    permission: "devices:write",
    scoped: true,
    summary: "Add a device",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(deviceSpec)
    .output(device),
  update: route("PATCH", "/devices/{id}", {
    permission: "devices:write",
    scoped: true,
    summary: "Change a device",
    tags,
    precondition: "if-match",
  })
    .input(idParam.extend(devicePatch.shape))
    .output(device),
  remove: route("DELETE", "/devices/{id}", {
    permission: "devices:write",
    scoped: true,
    summary: "Remove a device and its kept configurations",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  import: route("POST", "/devices/import", {
    permission: "devices:write",
    scoped: true,
    summary: "Import devices from YAML or CSV: all rows, or none",
    tags,
    idempotency: "accepted",
  })
    .input(
      z.object({
        format: z.enum(["yaml", "csv"]),
        content: z.string().max(5_000_000),
        dryRun: z.boolean().default(false),
        trustHostKeys: z
          .object({ reason: why })
          .optional()
          .describe(
            "Pin the keys that devices without a pinned one show now; each is audited with the reason. Nobody compares them: only where the way there is trusted",
          ),
      }),
    )
    .output(importReport),
  export: route("GET", "/devices/export", { permission: "devices:read", scoped: true, summary: "Export devices as YAML or CSV", tags })
    .input(z.object({ format: z.enum(["yaml", "csv"]).default("yaml"), selector: selector.optional() }))
    .output(z.object({ content: z.string() })),
  hostKey: route("POST", "/devices/{id}/host-key/scan", {
    permission: "devices:read",
    scoped: true,
    summary: "The host key that the device shows now; nothing is pinned",
    tags,
    idempotency: "accepted",
  })
    .input(idParam)
    .output(z.object({ fingerprint: z.string(), pinned: z.string().optional(), matches: z.boolean() })),
  trustHostKey: route("POST", "/devices/{id}/host-key/trust", {
    permission: "devices:write",
    scoped: true,
    summary: "Pin a host key that you have compared",
    tags,
    idempotency: "accepted",
    precondition: "optional",
  })
    .input(idParam.extend({ fingerprint, reason: why }))
    .output(device),
  running: route("GET", "/devices/{id}/running", {
    permission: "devices:read",
    scoped: true,
    summary: "The newest kept running configuration, secrets masked",
    tags,
  })
    .input(idParam)
    .output(z.object({ version: configVersion, text: z.string() })),
  backup: route("POST", "/backups", {
    permission: "devices:write",
    scoped: true,
    summary: "Back up devices now",
    tags: backupTags,
    status: 202,
    idempotency: "accepted",
  })
    .input(z.object({ selector: selector.optional(), devices: z.array(z.string().max(64)).max(10_000).optional() }))
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
    scoped: true,
    summary: "Kept configurations, newest first",
    tags: backupTags,
  })
    .input(idParam.extend(pageQuery.shape))
    .output(pageOf(configVersion)),
  version: route("GET", "/devices/{id}/versions/{version}", {
    permission: "devices:read",
    scoped: true,
    summary: "One kept configuration; `reveal` needs devices:reveal and is audited",
    tags: backupTags,
  })
    .input(idParam.extend({ version: z.string().max(64), reveal: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional() }))
    .output(z.object({ version: configVersion, text: z.string() })),
  versionDiff: route("GET", "/devices/{id}/versions/{version}/diff", {
    permission: "devices:read",
    scoped: true,
    summary: "What changed between two kept configurations",
    tags: backupTags,
  })
    .input(idParam.extend({ version: z.string().max(64), from: z.string().max(64).optional().describe("The one before unless told") }))
    .output(z.object({ diff: z.array(diffLine), before: z.string(), after: z.string() })),
  restore: route("POST", "/devices/{id}/versions/{version}/restore", {
    permission: "plans:write",
    scoped: true,
    summary: "Plan going back to a kept configuration",
    tags: backupTags,
    status: 201,
    idempotency: "accepted",
  })
    .input(idParam.extend({ version: z.string().max(64) }))
    .output(plan),
  drift: route("GET", "/drift", {
    permission: "devices:read",
    scoped: true,
    summary: "Devices whose running configuration is not the intended one",
    tags: ["drift"],
  })
    .input(pageQuery)
    .output(pageOf(driftItem)),
  checkDrift: route("POST", "/drift/check", {
    permission: "devices:read",
    scoped: true,
    summary: "Look for drift now",
    tags: ["drift"],
    idempotency: "accepted",
  })
    .input(z.object({ selector: selector.optional() }))
    .output(z.object({ checked: z.number().int(), drifted: z.number().int(), unreachable: z.number().int(), items: z.array(driftItem) })),
  revertDrift: route("POST", "/devices/{id}/drift/revert", {
    permission: "plans:write",
    scoped: true,
    summary: "Plan the way back from drift",
    tags: ["drift"],
    status: 201,
    idempotency: "accepted",
  })
    .input(idParam)
    .output(plan),
};
