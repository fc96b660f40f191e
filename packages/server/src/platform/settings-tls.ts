/** The settings of TLS: whether the API speaks it, with whose certificate, and whether clients show one. Read by `settings.ts` with all others. */
import { resolve } from "node:path";
import { z } from "zod";

export interface TlsSettings {
  /** `internal`: a certificate of our own authority, renewed by itself; `files`: the operator's, read again when they change. */
  certificate: { from: "internal"; names: readonly string[] } | { from: "files"; chain: string; key: string };
  /** Whether clients show a certificate of our own authority. */
  clients: "off" | "optional" | "required";
}

/** Each setting once, as in `settingsShape`. */
export const tlsSettingsShape = {
  HOLDFAST_TLS: z
    .enum(["off", "internal", "files"], "must be off, internal or files")
    .default("off")
    .describe("Whether the API speaks TLS: off, internal (a certificate of our own authority) or files (yours)"),
  HOLDFAST_TLS_CERTIFICATE: z
    .string()
    .optional()
    .describe("PEM file of your certificate and the intermediates above it; read again when it changes"),
  HOLDFAST_TLS_KEY: z.string().optional().describe("PEM file of its private key"),
  HOLDFAST_TLS_NAMES: z
    .string()
    .default("")
    .transform((text) => text.split(",").flatMap((name) => name.trim() || []))
    .describe("More DNS names and addresses, separated by commas, for the internal certificate"),
  HOLDFAST_TLS_CLIENTS: z
    .enum(["off", "optional", "required"], "must be off, optional or required")
    .default("off")
    .describe("Whether clients show a certificate of our own authority: off, optional or required"),
};

type Values = z.output<z.ZodObject<typeof tlsSettingsShape>>;

/** What contradicts what. */
export function tlsFaults(values: Values): { at: string; say: string }[] {
  const { HOLDFAST_TLS: mode, HOLDFAST_TLS_CERTIFICATE: chain, HOLDFAST_TLS_KEY: key, HOLDFAST_TLS_CLIENTS: clients } = values;
  const faults: [wrong: boolean, at: string, say: string][] = [
    [mode === "files" && chain === undefined, "HOLDFAST_TLS_CERTIFICATE", "is needed with HOLDFAST_TLS=files"],
    [mode === "files" && key === undefined, "HOLDFAST_TLS_KEY", "is needed with HOLDFAST_TLS=files"],
    [mode !== "files" && chain !== undefined, "HOLDFAST_TLS_CERTIFICATE", "has no meaning without HOLDFAST_TLS=files"],
    [mode !== "files" && key !== undefined, "HOLDFAST_TLS_KEY", "has no meaning without HOLDFAST_TLS=files"],
    [mode !== "internal" && values.HOLDFAST_TLS_NAMES.length > 0, "HOLDFAST_TLS_NAMES", "has no meaning without HOLDFAST_TLS=internal"],
    [mode === "off" && clients !== "off", "HOLDFAST_TLS_CLIENTS", "has no meaning without TLS; set HOLDFAST_TLS"],
  ];
  return faults.filter(([wrong]) => wrong).map(([, at, say]) => ({ at, say }));
}

/** Undefined: no TLS. */
export function arrangeTls(values: Values, workingDirectory: string): TlsSettings | undefined {
  const { HOLDFAST_TLS: mode, HOLDFAST_TLS_CERTIFICATE: chain = "", HOLDFAST_TLS_KEY: key = "", HOLDFAST_TLS_CLIENTS: clients } = values;
  if (mode === "off") return undefined;
  if (mode === "internal") return { certificate: { from: "internal", names: values.HOLDFAST_TLS_NAMES }, clients };
  return { certificate: { from: "files", chain: resolve(workingDirectory, chain), key: resolve(workingDirectory, key) }, clients };
}
