/** Signs in once, with what the credential says: a password that was refused is not tried a second time, so that no account is locked. */
import ssh2, { type AuthHandlerMiddleware, type Client, type ConnectConfig, type Prompt } from "ssh2";
import type { DeviceCredential } from "@holdfast/contract";
import { sayError } from "@holdfast/kit";
import { certifiedKey, type SshCertificate } from "./certificate.ts";
import { DeviceError } from "./error.ts";

/** A user name with a certificate that is made for each sign-in. */
export interface CertificateCredential {
  kind: "ssh_certificate";
  username: string;
  enablePassword?: string | undefined;
  /** A fresh one, good for minutes. */
  certify(): Promise<SshCertificate>;
}

/** What a session is signed in to with. */
export type SignInCredential = Exclude<DeviceCredential, { kind: "ssh_ca" }> | CertificateCredential;

interface Login {
  name: string;
  credential: SignInCredential;
  client: Client;
}

type Fail = (error: DeviceError) => void;

/** The sign-in part of a connection's settings. @throws DeviceError `auth_failed` for a key that cannot be used */
export function signIn(login: Login, fail: Fail): ConnectConfig {
  const { credential } = login;
  if (credential.kind === "password") return { authHandler: withPassword(login, credential, fail) };
  return { authHandler: credential.kind === "ssh_key" ? withKey(login, credential) : withCertificate(login, credential, fail) };
}

interface PasswordLogin {
  username: string;
  password: string;
}

function withPassword({ name }: Login, { username, password }: PasswordLogin, fail: Fail): AuthHandlerMiddleware {
  const answer = (prompts: Prompt[], finish: (answers: string[]) => void): void => {
    const asked = prompts.map(({ prompt }) => prompt.trim()).join(" ");
    if (prompts.length === 1 && /password/i.test(asked)) return finish([password]);
    fail(new DeviceError("auth_failed", { say: `${name} asks for more than a password to sign in ("${asked}").` }));
  };
  let dialogTried = false;
  return (left: string[] | null, _partial, next) => {
    if (left === null) return next({ type: "password", username, password });
    // Still on offer after it was tried: then the password is wrong. Otherwise the device asks for it in a dialog only.
    if (dialogTried || left.includes("password") || !left.includes("keyboard-interactive")) return giveUp(next);
    dialogTried = true;
    return next({ type: "keyboard-interactive", username, prompt: (...asked) => answer(asked[3], asked[4]) });
  };
}

function withKey(
  login: Login,
  { username, privateKey, passphrase }: { username: string; privateKey: string; passphrase?: string | undefined },
): AuthHandlerMiddleware {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key || key instanceof Error || !key.isPrivateKey()) {
    throw new DeviceError("auth_failed", {
      say: `The SSH key to sign in to ${login.name} cannot be used: it is no private key in PEM or OpenSSH format, or its passphrase is wrong.`,
    });
  }
  let tried = false;
  return (_left, _partial, next) => {
    if (tried) return giveUp(next);
    tried = true;
    return next({ type: "publickey", username, key });
  };
}

/** The certificate is made when the device is there to take it, so that waiting does not use its minutes up. */
function withCertificate({ name, client }: Login, { username, certify }: CertificateCredential, fail: Fail): AuthHandlerMiddleware {
  const cannot = (because: unknown): void =>
    fail(new DeviceError("auth_failed", { say: `No certificate could be made to sign in to ${name}: ${sayError(because)}`, because }));
  let tried = false;
  return (_left, _partial, next) => {
    if (tried) return giveUp(next);
    tried = true;
    certify()
      .then((made) => next({ type: "publickey", username, key: certifiedKey(client, made) }))
      .catch(cannot);
  };
}

/** ssh2 takes `false` for "nothing left"; its types do not say so. */
function giveUp(next: (method: never) => void): void {
  next(false as never);
}
