/** What the settings of TLS came to, for `config explain`. */
import type { Settings } from "#platform/settings";
import type { TlsSettings, tlsSettingsShape } from "#platform/settings-tls";

type Certificate<From extends TlsSettings["certificate"]["from"]> = Extract<TlsSettings["certificate"], { from: From }>;

function certificate<From extends TlsSettings["certificate"]["from"]>({ tls }: Settings, from: From): Certificate<From> | undefined {
  return tls?.certificate.from === from ? (tls.certificate as Certificate<From>) : undefined;
}

/** Each setting, or undefined where it has no meaning. */
export const tlsValueOf: Record<keyof typeof tlsSettingsShape, (settings: Settings) => string | undefined> = {
  HOLDFAST_TLS: ({ tls }) => tls?.certificate.from ?? "off",
  HOLDFAST_TLS_CERTIFICATE: (settings) => certificate(settings, "files")?.chain,
  HOLDFAST_TLS_KEY: (settings) => certificate(settings, "files")?.key,
  HOLDFAST_TLS_NAMES: (settings) => certificate(settings, "internal")?.names.join(","),
  HOLDFAST_TLS_CLIENTS: ({ tls }) => tls?.clients ?? "off",
};
