/** The nonce of this page's content security policy; browsers hide the attribute from readers but keep the property. */
export function styleNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  return meta?.nonce ?? "";
}

/** Tells the nonce to libraries that write styles of their own and look for it where bundlers used to keep it (`get-nonce`). */
export function shareNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
