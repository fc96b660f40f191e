import { builtInRoles, contract, routesOf, type Permission } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { isContractProcedure, type AnyContractRouter } from "@orpc/contract";
import { implement, type Router } from "@orpc/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessOf } from "#core/identity";
import { createHttp, type Http, type Principal, type RequestContext } from "#platform/http";
import { silentLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";

/**
 * Who gets in where, by heart: a person of each role; `limited`, an administrator for site=lyon alone; `program`, the key of an administrator
 * with three scopes. Whoever is not named is refused: 401 without credentials, 403 with them. What the limited one finds behind the
 * door is told in object-access.test.ts.
 */
const table: Record<string, string> = {
  everybody: `identity.setupState identity.setup identity.signIn identity.redeemLink factors.secondFactor factors.secondFactorOptions
    factors.passkeyOptions factors.signInByPasskey federation.doors federation.start federation.finish federation.signIn
    people.acceptInvitation people.requestReset people.redeemReset serviceAccounts.enrol tokens.refresh tokens.revoke pki.crl`,
  "whoever is signed in": `identity.signOut identity.me identity.listKeys identity.createKey identity.revokeKey factors.stepUp
    factors.stepUpWays factors.stepUpOptions factors.changePassword factors.own factors.beginTotp factors.confirmTotp factors.beginPasskey
    factors.addPasskey factors.remove factors.makeBackupCodes federation.identities federation.startLink federation.finishLink
    federation.linkByPassword federation.leave federation.startStepUp federation.finishStepUp federation.signOut sessions.list
    serviceAccounts.renewCertificate sessions.revoke sessions.revokeOthers tokens.showDevice tokens.approveDevice tokens.denyDevice tokens.trade privacy.me system.overview
    system.events`,
  "admin auditor program": `identity.listUsers federation.list federation.identitiesOf people.get people.inactive people.reviewGrants
    roles.list roles.preview sessions.listOf serviceAccounts.listSecrets people.listKeys tokens.signingKeys`,
  admin: `identity.createUser identity.updateUser factors.reset federation.create federation.update federation.remove
    federation.readMetadata federation.renewKey federation.link federation.unlink people.invite people.inviteAgain people.forceReset
    people.forceAllResets people.changeEmail roles.create roles.update roles.setPermissions roles.remove sessions.revokeOf
    sessions.revokeAllOf serviceAccounts.create serviceAccounts.createEnrolment serviceAccounts.createSecret serviceAccounts.revokeSecret serviceAccounts.createKey
    people.revokeKey tokens.rotateSigningKey tokens.revokeAll audit.rotateKey audit.checkpoint audit.archive privacy.show
    privacy.erase secrets.rotateKey secrets.renewLease secrets.revokeLease secrets.create secrets.replace secrets.remove
    secrets.destroyVersion pki.init pki.importAuthority pki.rotateIntermediate pki.retire pki.exportRoot pki.removeRoot pki.restoreRoot
    pki.issue pki.renew pki.rotate pki.revoke pki.sshRotate pki.sshSign credentials.rotate`,
  "admin auditor": "audit.list audit.verify audit.export audit.checkpoints audit.keys audit.archives",
  "admin operator auditor": `secrets.list secrets.status secrets.leases secrets.show secrets.versions pki.status pki.list pki.get
    pki.expiring pki.verify`,
  "admin operator approver viewer auditor limited": `findings.list findings.get plans.list plans.get plans.change rollouts.list rollouts.get
    rollouts.journal repositories.list repositories.get repositories.sync repositories.revisions`,
  "admin operator approver limited": "findings.acknowledge findings.suppress findings.resolve",
  "admin operator limited": `plans.create rollouts.create rollouts.start rollouts.pause rollouts.resume rollouts.abort rollouts.giveUp
    rollouts.retry rollouts.rollback devices.create devices.update devices.remove devices.import devices.trustHostKey devices.backup
    devices.restore devices.revertDrift`,
  "admin approver limited program": "rollouts.approve",
  "admin operator": "repositories.create repositories.update repositories.remove",
  "admin operator approver viewer auditor limited program": `devices.list devices.get devices.export devices.hostKey devices.running
    devices.versions devices.version devices.versionDiff devices.drift devices.checkDrift credentials.list`,
};

const who = new Map(Object.entries(table).flatMap(([names, routes]) => routes.split(/\s+/).map((route) => [route, names] as const)));
const scopes: Permission[] = ["devices:read", "users:read", "rollouts:approve"];
const callers: Record<string, Pick<Principal, "access" | "via" | "steppedUp" | "namedScopes">> = {
  ...Object.fromEntries(builtInRoles.map((role) => [role, { access: accessOf([held(role)]), via: "token", steppedUp: true }])),
  limited: { access: accessOf([held("admin", "site=lyon")]), via: "token", steppedUp: true },
  program: { access: accessOf([held("admin")], scopes), via: "api_key", namedScopes: scopes },
};

function held(role: string, selector = "") {
  return { role, selector, permissions: null };
}

/** Every route of the contract, with a handler that only says that it was reached. */
function reachable(part: AnyContractRouter): Router<AnyContractRouter, RequestContext> {
  if (!isContractProcedure(part)) return Object.fromEntries(Object.entries(part).map(([key, below]) => [key, reachable(below)]));
  const reached = (): never => {
    throw new Problem("reached", { kind: "missing", say: "Reached." });
  };
  return implement(part).$context<RequestContext>().handler(reached);
}

const routes = routesOf(contract);
let http: Http;
let url: string;
beforeAll(async () => {
  http = await createHttp({
    contract,
    router: reachable(contract),
    authenticate: async ({ headers: { authorization } }) => {
      const name = authorization?.replace("Bearer ", "");
      const caller = name === undefined ? undefined : callers[name];
      return caller && { actor: `user:${name}`, userId: `usr_${name}`, credentialId: "one", ...caller };
    },
    db: undefined as never, // no route is called with an Idempotency-Key here
    log: silentLog,
    metrics: createMetrics(),
    checks: {},
    settings: { port: 0, consoleDirectory: "/nowhere", version: "0", rateLimits: { user: 0, address: 0 } },
  });
  url = await http.listen();
});
afterAll(() => http.close());

/** 401, 403, or anything that is said behind the door. */
async function doorOf({ method, path }: (typeof routes)[number], name?: string): Promise<number | "in"> {
  const headers = name === undefined ? {} : { authorization: `Bearer ${name}` };
  const { status, body } = await fetch(`${url}/api/v1${path.replaceAll(/\{\w+\}/g, "x")}`, { method, headers });
  await body?.cancel();
  return status === 401 || status === 403 ? status : "in";
}

test("every route has its row", () => {
  expect(routes.filter(({ name }) => !who.has(name)).map(({ name }) => name)).toEqual([]);
});

test("nobody gets in where everybody does, and nowhere else", async () => {
  const doors = await Promise.all(routes.map(async (route) => [route.name, await doorOf(route)]));
  expect(Object.fromEntries(doors)).toEqual(
    Object.fromEntries(routes.map(({ name }) => [name, who.get(name) === "everybody" ? "in" : 401])),
  );
});

test.each(Object.keys(callers))("%s gets in where the table says, and nowhere else", async (caller) => {
  const opens = (name: string): boolean => {
    const names = who.get(name) ?? "";
    return names === "everybody" || names === "whoever is signed in" || names.split(" ").includes(caller);
  };
  // What asks for a proof of who it is asks a key for a scope that names it: there is none for what everybody may do for themselves.
  const own = (route: (typeof routes)[number]): boolean =>
    caller === "program" && route.meta.stepUp === true && route.meta.permission === "self";
  const doors = await Promise.all(routes.map(async (route) => [route.name, await doorOf(route, caller)]));
  expect(Object.fromEntries(doors)).toEqual(
    Object.fromEntries(routes.map((route) => [route.name, opens(route.name) && !own(route) ? "in" : 403])),
  );
});
