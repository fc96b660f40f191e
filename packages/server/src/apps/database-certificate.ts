/**
 * The certificate that this process shows the database server, renewed in its files when it is one of our own authority and two thirds
 * of its term are over. Each process has its own files, so each looks after its own; new connections take the new ones.
 */
import { X509Certificate } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { isProblem, sayError, type Clock } from "@holdfast/kit";
import { readProcessName, renewalAt, type Pki } from "#core/pki";
import type { Log } from "#platform/log";
import type { DatabaseTlsFiles } from "#platform/settings-database";

interface KeepParts {
  own: NonNullable<DatabaseTlsFiles["own"]>;
  pki: Pick<Pki, "status" | "tlsSource" | "verifyChain">;
  clock: Clock;
  log: Log;
}

const everyMs = 3_600_000;

/** Looks every hour until the signal aborts. */
export async function keepDatabaseCertificate(parts: KeepParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await renewDatabaseCertificate(parts)) parts.log.info("renewed the certificate for the database");
    } catch (err) {
      parts.log.warn({ err: isProblem(err) ? err : sayError(err) }, "the certificate for the database could not be renewed; trying again");
    }
    await parts.clock.sleep(everyMs, signal).catch(() => undefined);
  }
}

/** True when it was due and is renewed. One that somebody else issued is theirs to renew. */
export async function renewDatabaseCertificate({ own, pki, clock }: KeepParts): Promise<boolean> {
  const chain = await readFile(own.certificate, "utf8");
  const { validFromDate: notBefore, validToDate: notAfter } = new X509Certificate(chain);
  if (clock.now() < renewalAt({ notBefore, notAfter }) || !(await pki.status()).ready) return false;
  const judged = await pki.verifyChain({ chain, usage: "client" });
  const name = judged.ok && judged.spiffeId !== undefined ? readProcessName(judged.spiffeId) : undefined;
  if (name === undefined) return false;
  const termMs = notAfter.getTime() - notBefore.getTime();
  const next = await pki.tlsSource({ kind: "process", name, termMs }).obtain();
  await writeFile(`${own.key}.next`, next.key, { mode: 0o600 });
  await writeFile(`${own.certificate}.next`, next.chain, { mode: 0o644 });
  // Whoever reads between the two finds a pair that does not fit, and goes on with the one before.
  await rename(`${own.key}.next`, own.key);
  await rename(`${own.certificate}.next`, own.certificate);
  return true;
}
