/** An authenticator in software: makes and uses passkeys as a security key does (WebAuthn level 3, attestation "none", ES256). */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

interface Credential {
  id: Buffer;
  rpId: string;
  userHandle: Buffer;
  key: KeyObject;
  counter: number;
}

export interface AuthenticatorOptions {
  /** Where the browser is. */
  origin: string;
  rpId: string;
  /** It asked for a finger or a PIN. */
  verifiesUser?: boolean;
  /** Some never count. */
  counts?: boolean;
}

interface CreationOptions {
  challenge: string;
  rp: { id: string };
  user: { id: string };
}

interface RequestOptions {
  challenge: string;
  rpId: string;
  allowCredentials?: { id: string }[];
}

export interface Authenticator {
  create(options: unknown): Record<string, unknown>;
  get(options: unknown, change?: { origin?: string; counter?: number }): Record<string, unknown>;
}

export function createAuthenticator({ origin, rpId, verifiesUser = true, counts = true }: AuthenticatorOptions): Authenticator {
  const credentials: Credential[] = [];

  return {
    create(given) {
      const { challenge, rp, user } = given as CreationOptions;
      if (rp.id !== rpId) throw new Error(`a page of ${rpId} may not ask for ${rp.id}`);
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const credential = { id: randomBytes(32), rpId, userHandle: Buffer.from(user.id, "base64url"), key: privateKey, counter: 0 };
      credentials.push(credential);
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const cose = Buffer.concat([
        Buffer.from("a5010203262001215820", "hex"),
        Buffer.from(x, "base64url"),
        Buffer.from("225820", "hex"),
        Buffer.from(y, "base64url"),
      ]);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credential.id.length);
      const authData = Buffer.concat([authenticatorData(credential, 0x40), Buffer.alloc(16), length, credential.id, cose]);
      const attestationObject = Buffer.concat([
        cbor("a3", "fmt"),
        text("none"),
        text("attStmt"),
        Buffer.of(0xa0),
        text("authData"),
        bytes(authData),
      ]);
      return shown(credential, {
        clientDataJSON: clientData("webauthn.create", challenge, origin),
        attestationObject: attestationObject.toString("base64url"),
        transports: ["usb"],
      });
    },
    get(given, change = {}) {
      const { challenge, rpId: asked, allowCredentials = [] } = given as RequestOptions;
      const may = (one: Credential) =>
        allowCredentials.length === 0 || allowCredentials.some(({ id }) => id === one.id.toString("base64url"));
      const credential = credentials.find((one) => one.rpId === asked && may(one));
      if (!credential) throw new Error("this authenticator has no such passkey");
      if (counts) credential.counter = change.counter ?? credential.counter + 1;
      const clientDataJSON = clientData("webauthn.get", challenge, change.origin ?? origin);
      const authData = authenticatorData(credential, 0);
      const signed = Buffer.concat([authData, createHash("sha256").update(Buffer.from(clientDataJSON, "base64url")).digest()]);
      return shown(credential, {
        clientDataJSON,
        authenticatorData: authData.toString("base64url"),
        signature: sign("sha256", signed, credential.key).toString("base64url"),
        userHandle: credential.userHandle.toString("base64url"),
      });
    },
  };

  function authenticatorData({ rpId: party, counter }: Credential, more: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const flags = 0x01 | (verifiesUser ? 0x04 : 0) | more;
    return Buffer.concat([createHash("sha256").update(party).digest(), Buffer.of(flags), count]);
  }
}

function clientData(type: string, challenge: string, origin: string): string {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })).toString("base64url");
}

function shown({ id }: Credential, response: Record<string, unknown>): Record<string, unknown> {
  const text = id.toString("base64url");
  return { id: text, rawId: text, type: "public-key", clientExtensionResults: {}, authenticatorAttachment: "cross-platform", response };
}

/** CBOR (RFC 8949): a map's head, then its first key. */
function cbor(head: string, key: string): Buffer {
  return Buffer.concat([Buffer.from(head, "hex"), text(key)]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);
}

function bytes(value: Buffer): Buffer {
  const head = Buffer.alloc(3, 0x59);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}
