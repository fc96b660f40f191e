/** The API as one value: one key per module. */
import { auditContract } from "./audit.ts";
import { credentialsContract } from "./credentials.ts";
import { devicesContract } from "./devices.ts";
import { factorsContract } from "./factors.ts";
import { federationContract } from "./federation.ts";
import { findingsContract } from "./findings.ts";
import { identityContract } from "./identity.ts";
import { peopleContract } from "./people.ts";
import { pkiContract } from "./pki.ts";
import { privacyContract } from "./privacy.ts";
import { repositoriesContract } from "./repositories.ts";
import { rolesContract } from "./roles.ts";
import { plansContract, rolloutsContract } from "./rollouts.ts";
import { secretsContract } from "./secrets.ts";
import { serviceAccountsContract } from "./service-accounts.ts";
import { sessionsContract } from "./sessions.ts";
import { systemContract } from "./system.ts";
import { tokensContract } from "./tokens.ts";

/** The whole API under /api/v1. */
export const contract = {
  identity: identityContract,
  factors: factorsContract,
  federation: federationContract,
  people: peopleContract,
  roles: rolesContract,
  sessions: sessionsContract,
  serviceAccounts: serviceAccountsContract,
  tokens: tokensContract,
  audit: auditContract,
  privacy: privacyContract,
  secrets: secretsContract,
  pki: pkiContract,
  findings: findingsContract,
  plans: plansContract,
  rollouts: rolloutsContract,
  repositories: repositoriesContract,
  devices: devicesContract,
  credentials: credentialsContract,
  system: systemContract,
};
export type Contract = typeof contract;
