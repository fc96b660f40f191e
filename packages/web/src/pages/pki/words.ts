/** Certificates in words. */
import type { Authority, CertificateKind, CertificateSummary, RevocationReason } from "@holdfast/contract";
import type { Look } from "../../parts/states.ts";

/** How often what is shown is read again: certificates end without anybody doing anything, so no event tells of it. */
export const againMs = 30_000;

export const kinds = ["process", "agent", "device", "server"] as const satisfies CertificateKind[];
export type CertificateState = CertificateSummary["state"];
export const states = ["valid", "expired", "revoked"] as const satisfies CertificateState[];

export const stateLooks: Record<CertificateState, Look> = {
  valid: { tone: "ok", shape: "check", word: "counts" },
  expired: { tone: "mute", shape: "clock", word: "ended" },
  revoked: { tone: "bad", shape: "cross", word: "revoked" },
};

export const kindSays: Record<CertificateKind, string> = {
  process: "a process of Holdfast",
  agent: "an agent at a site",
  device: "a device",
  server: "a server of yours",
};

/** RFC 5280, 5.3.1. */
export const reasons: Record<RevocationReason, string> = {
  unspecified: "Not said",
  key_compromise: "Somebody else may have the key",
  affiliation_changed: "Its holder is another one now",
  superseded: "Another one took its place",
  cessation_of_operation: "What it was for is no more",
  privilege_withdrawn: "Its holder may not have it any more",
};

export const roles: Record<Authority["role"], string> = {
  root: "Root",
  intermediate: "Intermediate",
  ssh: "SSH",
};
