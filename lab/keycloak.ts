/** A real Keycloak of the lab: fetched from Maven Central once, with one realm, one client of each protocol, one group and one person in it. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause } from "./network.ts";

const version = "26.4.0";
const directory = join(tmpdir(), "holdfast-keycloak");
const home = join(directory, `keycloak-${version}`);
const admin = { name: "admin", password: "admin of the lab" };

export interface Keycloak {
  url: string;
  issuer: string;
  client: { id: string; secret: string };
  person: { name: string; password: string };
  /** Ends one of its sessions, as an administrator of Keycloak does. */
  signOut(session: string): Promise<void>;
  /** Makes us known by SAML, once there is something to know; again after that changed. */
  putSamlClient(us: SamlClient): Promise<void>;
  stop(): Promise<void>;
}

export interface SamlClient {
  entityId: string;
  acsUrl: string;
  sloUrl: string;
  /** PEM. */
  certificate: string;
  encrypt?: boolean;
  /** Sign-outs are told through the browser, not from Keycloak itself. */
  byBrowser?: boolean;
}

/** Starts it; about 20 s and 530 MB, longer the first time, when it builds itself. `redirectUri` and `logoutUrl` are what its client is told of us. */
export async function startKeycloak({ redirectUri, logoutUrl }: { redirectUri: string; logoutUrl: string }): Promise<Keycloak> {
  await fetchOnce();
  await rm(join(home, "data"), { recursive: true, force: true });
  const [port, management] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: admin.name, KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password };
  const options = ["start-dev", "--http-host=127.0.0.1", `--http-port=${port}`, `--http-management-port=${management}`];
  const server = spawn(join(home, "bin/kc.sh"), options, { env, stdio: "ignore", detached: true });
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  const stop = async (): Promise<void> => {
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGTERM");
    await ended;
  };
  try {
    for (const until = Date.now() + 240_000; !(await isUp(url)); await pause(500)) {
      if (Date.now() > until || server.exitCode !== null) throw new Error("Keycloak does not come up");
    }
    return { url, ...(await furnish(url, { redirectUri, logoutUrl })), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function fetchOnce(): Promise<void> {
  if (existsSync(join(home, "bin/kc.sh"))) return;
  await mkdir(directory, { recursive: true });
  const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
  execFileSync("mvn", ["-q", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`], {
    cwd: directory,
    stdio: "inherit",
  });
  execFileSync("unzip", ["-q", "-o", join(directory, `keycloak-quarkus-dist-${version}.zip`), "-d", directory]);
}

async function furnish(url: string, told: { redirectUri: string; logoutUrl: string }) {
  const client = { id: "holdfast", secret: "a secret of the lab's client" };
  const person = { name: "ada", password: "password of ada" };
  const realm = {
    realm: "lab",
    enabled: true,
    sslRequired: "none",
    groups: [{ name: "netops" }],
    users: [
      {
        username: person.name,
        enabled: true,
        email: "ada@example.net",
        emailVerified: true,
        firstName: "Ada",
        lastName: "Lab",
        groups: ["/netops"],
        credentials: [{ type: "password", value: person.password, temporary: false }],
      },
    ],
    clients: [
      {
        clientId: client.id,
        secret: client.secret,
        redirectUris: [told.redirectUri],
        attributes: {
          "backchannel.logout.url": told.logoutUrl,
          "backchannel.logout.session.required": "true",
          "post.logout.redirect.uris": new URL("/sign-in", told.redirectUri).href,
          "pkce.code.challenge.method": "S256",
        },
        protocolMappers: [
          {
            name: "groups",
            protocol: "openid-connect",
            protocolMapper: "oidc-group-membership-mapper",
            config: { "claim.name": "groups", "full.path": "false", "id.token.claim": "true" },
          },
        ],
      },
    ],
  };
  await asAdmin(url, "POST", "/admin/realms", realm);
  const signOut = async (session: string): Promise<void> => void (await asAdmin(url, "DELETE", `/admin/realms/lab/sessions/${session}`));
  return { issuer: `${url}/realms/lab`, client, person, signOut, putSamlClient: (us: SamlClient) => putSamlClient(url, us) };
}

async function putSamlClient(url: string, us: SamlClient): Promise<void> {
  const certificate = us.certificate.replaceAll(/-----[^-]+-----|\s/g, "");
  const wanted = {
    clientId: us.entityId,
    protocol: "saml",
    enabled: true,
    redirectUris: [us.acsUrl],
    frontchannelLogout: us.byBrowser === true,
    attributes: {
      "saml.authnstatement": "true",
      "saml.assertion.signature": "true",
      "saml.server.signature": "true",
      "saml.client.signature": "true",
      "saml.signature.algorithm": "RSA_SHA256",
      "saml.signing.certificate": certificate,
      "saml.force.post.binding": "true",
      saml_name_id_format: "persistent",
      saml_assertion_consumer_url_post: us.acsUrl,
      saml_single_logout_service_url_post: us.sloUrl,
      saml_single_logout_service_url_redirect: us.sloUrl,
      "saml.encrypt": String(us.encrypt === true),
      "saml.encryption.certificate": certificate,
      "saml.encryption.algorithm": "http://www.w3.org/2009/xmlenc11#aes256-gcm",
      "saml.encryption.keyAlgorithm": "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
      "saml.encryption.digestMethod": "http://www.w3.org/2000/09/xmldsig#sha1",
    },
    protocolMappers: [
      {
        name: "groups",
        protocol: "saml",
        protocolMapper: "saml-group-membership-mapper",
        config: { "attribute.name": "groups", single: "true", "full.path": "false" },
      },
      {
        name: "login",
        protocol: "saml",
        protocolMapper: "saml-user-property-mapper",
        config: { "attribute.name": "login", "user.attribute": "username" },
      },
    ],
  };
  const at = `/admin/realms/lab/clients?clientId=${encodeURIComponent(us.entityId)}`;
  const [known] = (await (await asAdmin(url, "GET", at)).json()) as { id: string }[];
  if (known) await asAdmin(url, "DELETE", `/admin/realms/lab/clients/${known.id}`);
  await asAdmin(url, "POST", "/admin/realms/lab/clients", wanted);
}

async function asAdmin(url: string, method: string, path: string, body?: object): Promise<Response> {
  const form = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username: admin.name, password: admin.password });
  const granted = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: "POST", body: form });
  const { access_token: token } = (await granted.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/realms/master/.well-known/openid-configuration`)).ok;
  } catch {
    return false; // not yet
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
