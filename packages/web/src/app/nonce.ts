/** The nonce of this page's content security policy; browsers hide it from `content`-readers but keep the property. */
export function styleNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  return meta?.nonce ?? "";
}
