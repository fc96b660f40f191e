/** What each kind of certificate is for, and for how long. Pure. */
import type { CertificateKind, CertificateUsage } from "@holdfast/contract";

export interface Profile {
  usages: readonly CertificateUsage[];
  days: number;
  /** Longest term that may be asked for. */
  mostDays: number;
}

/** A process renews every day by itself; agents every month; a device or a server takes a person or a rollout. */
export const profiles: Record<CertificateKind, Profile> = {
  process: { usages: ["client", "server"], days: 1, mostDays: 90 },
  agent: { usages: ["client", "server"], days: 30, mostDays: 366 },
  device: { usages: ["client", "server"], days: 365, mostDays: 825 },
  server: { usages: ["server"], days: 90, mostDays: 398 },
};

/** Days before the end at which people are told. */
export const warnDays = [30, 7, 1] as const;

/** When a certificate is due for renewal: two thirds of its term are over. Milliseconds since 1970. */
export function renewalAt({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }): number {
  return notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3;
}
