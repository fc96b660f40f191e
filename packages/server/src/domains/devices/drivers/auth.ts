/** Signs in once, with what the credential says: a password that was refused is not tried a second time, so that no account is locked. */
import ssh2, { type AuthHandlerMiddleware, type ConnectConfig, type Prompt } from "ssh2";
import type { DeviceCredential } from "@holdfast/contract";
import { DeviceError } from "./error.ts";

interface Login {
  name: string;
  credential: DeviceCredential;
}

/** The sign-in part of a connection's settings. @throws DeviceError `auth_failed` for a key that cannot be used */
export function signIn(login: Login, fail: (error: DeviceError) => void): ConnectConfig {
  const { credential } = login;
  return { authHandler: credential.kind === "password" ? withPassword(login, credential, fail) : withKey(login, credential) };
}

interface PasswordLogin {
  username: string;
  password: string;
}

function withPassword({ name }: Login, { username, password }: PasswordLogin, fail: (error: DeviceError) => void): AuthHandlerMiddleware {
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

/** ssh2 takes `false` for "nothing left"; its types do not say so. */
function giveUp(next: (method: never) => void): void {
  next(false as never);
}
