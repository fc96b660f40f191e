/** Identity providers, as the module shows them. */
import type { Parts } from "./deps.ts";
import { createDirectorySignIn } from "./directory-sign-in.ts";
import { createExternalIdentities } from "./external-identities.ts";
import { createBrowserFlow, createProtocols, createWay } from "./provider-flow.ts";
import { createProviderLogout } from "./provider-logout.ts";
import { createProviderStepUp } from "./provider-step-up.ts";
import { samlUrls } from "./provider-view.ts";
import { createProviders, providersResealer } from "./providers.ts";
import { samlRow } from "./saml.ts";
import { ownMetadata } from "./saml-metadata.ts";
import * as links from "./store-providers.ts";

/** Each act is documented where it is made. @throws Problem `identity_*`, `egress_*`, as said there */
export type FederationActs = ReturnType<typeof createFederation>;

export function createFederation(parts: Parts) {
  parts.secrets.addResealer(providersResealer(parts.db));
  const people = createExternalIdentities(parts);
  const protocols = createProtocols(parts);
  const way = createWay(parts, protocols);
  const { linkUser, unlinkUser, unlinkSelf, listIdentities } = people;
  const { receiveResponse } = protocols.saml;

  return {
    ...createProviders(parts),
    ...createBrowserFlow(parts, { people, way }),
    ...createDirectorySignIn(parts, people),
    ...createProviderLogout(parts, protocols),
    ...createProviderStepUp(parts, way),
    receiveResponse,
    listDoors: () => listDoors(parts),
    samlMetadata: (id: string) => samlMetadata(id, parts),
    linkUser,
    unlinkUser,
    unlinkSelf,
    listIdentities,
  };
}

async function listDoors({ db }: Parts) {
  const open = (await links.listProviders(db)).filter(({ enabled }) => enabled);
  return { items: open.map(({ id, name, kind }) => ({ id, name, kind })) };
}

/** What a SAML provider has to be told of us, as XML. @throws Problem `identity_provider_missing`, `identity_public_url_missing` */
async function samlMetadata(id: string, parts: Parts): Promise<string> {
  const { own_certificate: certificate } = await samlRow(parts.db, id);
  return ownMetadata({ ...samlUrls(parts, id), certificate: certificate ?? "" });
}
