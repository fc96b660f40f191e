/** The settings of the audit trail: where its checkpoints are sent, how long its entries stay. Read by `settings.ts` with all others. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { parseSyslogTarget, type SyslogTarget } from "./syslog.ts";

/** Each setting once, as in `settingsShape`. */
export const auditSettingsShape = {
  HOLDFAST_AUDIT_SYSLOG: z
    .string()
    .transform(toSyslog)
    .optional()
    .describe("Syslog server that gets the signed checkpoints of the audit trail, e.g. tls://logs.example.net:6514 (or udp://, tcp://)"),
  HOLDFAST_AUDIT_SYSLOG_CA_FILE: z
    .string()
    .optional()
    .describe("File of authorities (PEM) that the certificate of a tls:// syslog server is checked against, in place of the system's"),
  HOLDFAST_AUDIT_RETENTION_DAYS: z
    .string()
    .transform(toRetention)
    .optional()
    .describe("Audit entries older than so many days (30 or more) are archived to files once a day; all stay in the database unless told"),
};

type AuditValues = z.output<z.ZodObject<typeof auditSettingsShape>>;

export interface AuditSettings {
  /** Where signed checkpoints of the audit trail are sent, too. */
  auditSyslog?: SyslogTarget;
  /** Absolute path; its text is in `auditSyslog`. */
  auditSyslogCaFile?: string;
  /** Older audit entries are archived; all stay unless told. */
  auditRetentionDays?: number;
}

/** What does not fit together; for `settings_invalid`. */
export function auditFaults(values: Partial<AuditValues>): { at: string; say: string }[] {
  if (values.HOLDFAST_AUDIT_SYSLOG_CA_FILE === undefined || values.HOLDFAST_AUDIT_SYSLOG?.transport === "tls") return [];
  return [{ at: "HOLDFAST_AUDIT_SYSLOG_CA_FILE", say: "is for HOLDFAST_AUDIT_SYSLOG with tls:// alone" }];
}

/** Values that fit together, as what they mean. The file was looked at before. */
export function arrangeAudit(values: AuditValues, workingDirectory: string): AuditSettings {
  const { HOLDFAST_AUDIT_SYSLOG: to, HOLDFAST_AUDIT_SYSLOG_CA_FILE: file, HOLDFAST_AUDIT_RETENTION_DAYS: days } = values;
  const caFile = file === undefined ? undefined : resolve(workingDirectory, file);
  return {
    ...(to && { auditSyslog: { ...to, ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }) } }),
    ...(caFile !== undefined && { auditSyslogCaFile: caFile }),
    ...(days !== undefined && { auditRetentionDays: days }),
  };
}

function toSyslog(text: string, context: z.RefinementCtx): SyslogTarget {
  const target = parseSyslogTarget(text);
  if (target) return target;
  context.addIssue({
    code: "custom",
    message: "must be udp://, tcp:// or tls:// with a host and perhaps a port, e.g. tls://logs.example.net:6514",
  });
  return z.NEVER;
}

function toRetention(text: string, context: z.RefinementCtx): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 30) return days;
  context.addIssue({ code: "custom", message: "must be a number of days from 30" });
  return z.NEVER;
}
