import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { bareServer, keyPair, password, wireTo, type BareOptions, type BareServer } from "#test/devices/bare-server";
import { DeviceError } from "./error.ts";
import { connectSsh, scanHostKey, type SshOptions, type SshTarget } from "./ssh.ts";

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function serve(options: BareOptions = {}): Promise<BareServer> {
  const server = await bareServer(options);
  cleanUp.push(server.close);
  return server;
}

async function refusal(target: SshTarget, options: SshOptions = {}): Promise<DeviceError> {
  try {
    await (await connectSsh(target, options)).close();
  } catch (thrown) {
    if (thrown instanceof DeviceError) return thrown;
    throw thrown;
  }
  throw new Error("it connected");
}

/** Takes connections and says nothing. */
async function silent(onConnection: () => void = () => undefined): Promise<SshTarget> {
  const server = createServer((socket) => {
    socket.resume().on("error", () => undefined);
    onConnection();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(async () => {
    server.close();
    await once(server, "close");
  });
  return { name: "r1", address: "127.0.0.1", port: (server.address() as AddressInfo).port, credential: wrong };
}

const wrong = { kind: "password" as const, username: "ops", password: "wrong" };

describe("signing in", () => {
  test("a wrong password is tried once, and the error names no password", async () => {
    const server = await serve();
    const error = await refusal(server.target({ credential: wrong }));
    expect(error.reason).toBe("auth_failed");
    expect(error.code).toBe("devices_auth_failed");
    expect(error.message).toContain("r1 refused the sign-in of ops");
    expect(server.tried).toEqual(["password:wrong"]);
    expect(JSON.stringify(error)).not.toContain("wrong");
  });

  test("a device that asks for the password in a dialog gets it", async () => {
    const server = await serve({ dialog: ["Password: "] });
    await (await connectSsh(server.target())).close();
    expect(server.tried).toEqual([`dialog:${password}`]);
  });

  test("a wrong password in a dialog is tried once", async () => {
    const server = await serve({ dialog: ["Password: "] });
    expect((await refusal(server.target({ credential: wrong }))).reason).toBe("auth_failed");
    expect(server.tried).toEqual(["dialog:wrong"]);
  });

  test("a password is not given to who asks for something else", async () => {
    const server = await serve({ dialog: ["Verification code: "] });
    const error = await refusal(server.target());
    expect(error.reason).toBe("auth_failed");
    expect(error.message).toContain("Verification code");
    expect(server.tried).toEqual([]);
  });

  test("an SSH key signs in, also one with a passphrase", async () => {
    const key = keyPair("ed25519");
    const locked = keyPair("rsa", "open");
    for (const [pair, passphrase] of [
      [key, undefined],
      [locked, "open"],
    ] as const) {
      const server = await serve({ authorized: pair.public });
      const credential = {
        kind: "ssh_key" as const,
        username: "ops",
        privateKey: pair.private,
        ...(passphrase === undefined ? {} : { passphrase }),
      };
      await (await connectSsh(server.target({ credential }))).close();
      expect(server.tried).toEqual(["publickey"]);
    }
  });

  test("a damaged SSH key is an error that says so", async () => {
    const server = await serve();
    const error = await refusal(server.target({ credential: { kind: "ssh_key", username: "ops", privateKey: "-----BEGIN nothing" } }));
    expect(error.reason).toBe("auth_failed");
    expect(error.message).toContain("passphrase");
  });

  test("an SSH key that the device does not know is refused", async () => {
    const server = await serve();
    const { private: privateKey } = keyPair("ed25519");
    expect((await refusal(server.target({ credential: { kind: "ssh_key", username: "ops", privateKey } }))).reason).toBe("auth_failed");
  });
});

describe("host keys", () => {
  test("without a pinned key nothing is sent, and the error carries the key shown", async () => {
    const server = await serve();
    const { hostKey: _, ...target } = server.target();
    const error = await refusal(target);
    expect(error.reason).toBe("host_key_unknown");
    expect(error.fingerprint).toBe(server.fingerprints[0]);
    expect(server.tried).toEqual([]);
  });

  test("a changed key is a hard stop", async () => {
    const server = await serve();
    const error = await refusal(server.target({ hostKey: `SHA256:${"A".repeat(43)}` }));
    expect(error.reason).toBe("host_key_changed");
    expect(error.fingerprint).toBe(server.fingerprints[0]);
    expect(server.tried).toEqual([]);
  });

  test("a device that got a second key is known by its first", async () => {
    const server = await serve({ keys: ["rsa", "ed25519", "ecdsa"] });
    const connection = await connectSsh(server.target());
    expect(server.tried).toEqual([`password:${password}`]);
    await connection.close();
  });

  test("a changed key stays one when the device holds several", async () => {
    const server = await serve({ keys: ["rsa", "ed25519"] });
    const error = await refusal(server.target({ hostKey: `SHA256:${"A".repeat(43)}` }));
    expect(error.reason).toBe("host_key_changed");
    expect(server.tried).toEqual([]);
  });

  test("the key that a device shows can be read without signing in", async () => {
    const server = await serve();
    const { hostKey: _, ...target } = server.target();
    expect(await scanHostKey(target)).toBe(server.fingerprints[0]);
    expect(server.tried).toEqual([]);
  });
});

describe("getting there", () => {
  test("nobody listens: unreachable", async () => {
    const gone = await bareServer();
    await gone.close();
    const error = await refusal(gone.target());
    expect(error.reason).toBe("unreachable");
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a name that does not resolve: unreachable", async () => {
    const error = await refusal({ name: "r1", address: "no-such-host.invalid", port: 22, credential: wrong });
    expect(error.reason).toBe("unreachable");
  });

  test("a peer that takes the connection and says nothing: timeout", async () => {
    const error = await refusal(await silent(), { handshakeMs: 100 });
    expect(error.reason).toBe("timeout");
    expect(error.message).toContain("key exchange");
  });

  test("a caller that gives up ends the attempt at once", async () => {
    const abort = new AbortController();
    const target = await silent(() => abort.abort(new Error("enough")));
    expect((await refusal(target, { signal: abort.signal })).reason).toBe("aborted");
    expect((await refusal(target, { signal: abort.signal })).reason).toBe("aborted");
  });

  test("a very old device needs legacy algorithms, and gets them only when told", async () => {
    const server = await serve({
      keys: ["rsa"],
      algorithms: { kex: ["diffie-hellman-group14-sha1"], serverHostKey: ["ssh-rsa"], cipher: ["aes128-cbc"], hmac: ["hmac-sha1"] },
    });
    const error = await refusal(server.target());
    expect(error.reason).toBe("algorithms_differ");
    expect(error.message).toContain("legacy");
    await (await connectSsh(server.target({ legacyAlgorithms: true }))).close();
  });

  test("through a bastion, and through two", async () => {
    const [device, inner, outer] = [await serve(), await serve(), await serve()];
    const first = inner.target({ name: "jump1", bastion: outer.target({ name: "jump0" }) });
    const connection = await connectSsh(device.target({ bastion: first }));
    expect([device.connections, inner.connections, outer.connections]).toEqual([1, 1, 1]);
    await connection.close();
  });

  test("a bastion's own host key is checked", async () => {
    const [device, jump] = [await serve(), await serve()];
    const error = await refusal(device.target({ bastion: jump.target({ name: "jump1", hostKey: `SHA256:${"A".repeat(43)}` }) }));
    expect(error.reason).toBe("host_key_changed");
    expect(error.message).toContain("jump1");
    expect(device.connections).toBe(0);
  });

  test("a bastion that cannot reach the device says so", async () => {
    const jump = await serve();
    const gone = await bareServer();
    await gone.close();
    const error = await refusal(gone.target({ bastion: jump.target({ name: "jump1" }) }));
    expect(error.reason).toBe("unreachable");
    expect(error.message).toContain("bastion jump1");
  });

  test("a bastion that never answers: unreachable, and the bastion is let go", async () => {
    const [device, jump] = [await serve(), await serve({ ignoresForwards: true })];
    const error = await refusal(device.target({ bastion: jump.target({ name: "jump1" }) }), { connectMs: 100 });
    expect(error.reason).toBe("unreachable");
    expect(device.connections).toBe(0);
  });

  test("a bastion that dies takes the connection with it", async () => {
    const [device, jump] = [await serve(), await bareServer()];
    const connection = await connectSsh(device.target({ bastion: jump.target({ name: "jump1" }) }));
    await jump.close();
    await connection.over;
    expect(connection.lost?.reason).toBe("connection_lost");
  });

  test("a peer that vanishes without a word is found dead by the keepalive", async () => {
    const server = await serve();
    const wire = await wireTo(server.port);
    cleanUp.push(wire.close);
    const connection = await connectSsh(server.target({ port: wire.port }), { keepaliveMs: 30 });
    wire.freeze();
    await connection.over;
    expect(connection.lost?.reason).toBe("connection_lost");
  });
});

describe("a command channel", () => {
  test("gives output, errors and exit code", async () => {
    const server = await serve({
      onExec: (command, channel) => {
        channel.write(`did ${command}`);
        channel.stderr.write("but");
        channel.exit(3);
        channel.end();
      },
    });
    const connection = await connectSsh(server.target());
    expect(await connection.exec("it")).toEqual({ code: 3, stdout: "did it", stderr: "but" });
    await connection.close();
    await expect(connection.exec("it")).rejects.toMatchObject({ reason: "closed" });
  });

  test("too much output, no end, or no exit code are errors", async () => {
    const server = await serve({
      onExec: (command, channel) => {
        if (command === "flood") channel.write("x".repeat(2000));
        if (command === "vanish") channel.end();
      },
    });
    const connection = await connectSsh(server.target());
    await expect(connection.exec("flood", { maxBytes: 1000 })).rejects.toMatchObject({ reason: "output_too_large" });
    await expect(connection.exec("hang", { timeoutMs: 50 })).rejects.toMatchObject({ reason: "timeout", command: "hang" });
    await expect(connection.exec("vanish")).rejects.toMatchObject({ reason: "connection_lost" });
    await connection.close();
  });
});
