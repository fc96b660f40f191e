/** Identity with one SAML provider of the test's own, and the ways of a browser between them. */
import type { SamlSettings } from "@holdfast/contract";
import { from, identityWorld, opened, root } from "./identity.ts";
import { base64, good, issuer, newKey, requestIn, sloUrl, type Said } from "./saml-provider.ts";

const publicUrl = "https://holdfast.example.net";
/** Where the provider finds us. */
export const ours = {
  entityId: `${publicUrl}/saml/idp/metadata`,
  acsUrl: `${publicUrl}/saml/idp/acs`,
  sloUrl: `${publicUrl}/saml/idp/slo`,
};
export const refused = { code: "identity_provider_refused" };

export type SamlWorld = Awaited<ReturnType<typeof samlWorld>>;

export async function samlWorld() {
  const world = await identityWorld({ publicUrl });
  const { identity, clock } = world;
  const [idp, stranger] = [await newKey(clock.now()), await newKey(clock.now())];

  const settings = (): SamlSettings => ({
    kind: "saml",
    entityId: issuer,
    ssoUrl: "https://idp.example.net/sso?tenant=1",
    sloUrl,
    certificates: [idp.certificate],
    signed: "assertion",
    nameIdFormat: "persistent",
    nameAttribute: "login",
    groupsAttribute: "groups",
    allowUnasked: false,
  });
  const plan = () => ({
    id: "idp",
    name: "Corp",
    createUsers: true,
    enabled: true,
    groupGrants: [{ group: "netops", role: "operator" }],
    settings: settings(),
  });
  await identity.createProvider(plan(), root);

  /** What the provider is from here on. */
  async function change(more: Partial<ReturnType<typeof plan>> & { trustedContexts?: string[]; signOutThere?: boolean }): Promise<void> {
    const [known] = (await identity.listProviders()).items;
    await identity.updateProvider({ ...plan(), ...more, etag: known?.etag ?? "" }, root);
  }

  /** Begins in a browser of its own; what the provider would say. */
  async function begun(): Promise<{ said: Said; kept: string; url: string }> {
    const { url, kept } = await identity.startAtProvider("idp");
    return { said: { ...said(), answers: requestIn(url).id }, kept, url };
  }

  const said = (): Said => ({ nowMs: clock.now(), acsUrl: ours.acsUrl, entityId: ours.entityId, answers: undefined });
  /** The provider's form; a token that takes it up. */
  const arrive = (xml: string) => identity.receiveResponse("idp", base64(xml), from);
  /** The browser's call after it. */
  const finish = (kept: string | undefined, arrival: string | undefined) =>
    identity.finishAtProvider({ provider: "idp", query: "", kept, arrival }, from);
  const come = async (xml: string, kept?: string) => finish(kept, await arrive(xml));

  async function signIn(more: Partial<Said> = {}) {
    const one = await begun();
    return opened(await come(good({ ...one.said, ...more }, idp), one.kept));
  }

  const changeSettings = (more: Partial<SamlSettings>) => change({ settings: { ...settings(), ...more } });
  return { ...world, idp, stranger, settings, plan, change, changeSettings, said, begun, arrive, finish, come, signIn };
}
