import type { ServerChannel } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { ios } from "../platforms/ios.ts";
import { bareServer, talk, wireTo } from "#test/devices/bare-server";
import type { SshConnection } from "./connection.ts";
import { DeviceError } from "./error.ts";
import { Shell, type ShellOptions } from "./shell.ts";
import { connectSsh } from "./ssh.ts";

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

const log = "*Mar  1 00:00:07.123: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up\r\n";

interface Talk {
  shell: Shell;
  connection: SshConnection;
  channel: ServerChannel;
  /** Lines that the device got. */
  heard: string[];
}

type Answer = (line: string, channel: ServerChannel) => string | undefined;

async function signIn(answer: Answer, options: Partial<ShellOptions> & { port?: (port: number) => Promise<number> } = {}): Promise<Talk> {
  const { port, ...rest } = options;
  let heard: string[] = [];
  let channel!: ServerChannel;
  const server = await bareServer({
    onShell: (opened) => {
      channel = opened;
      heard = talk(opened, "r1#", (line) => answer(line, opened));
    },
  });
  cleanUp.push(server.close);
  const connection = await connectSsh(server.target(port ? { port: await port(server.port) } : {}));
  cleanUp.push(connection.close);
  const given: ShellOptions = { name: "r1", manners: ios.manners, columns: 511, quietMs: 50, timeoutMs: 3000, ...rest };
  const shell = await connection.shell(
    { term: "vt100", cols: 511, rows: 1000, width: 0, height: 0 },
    (opened) => new Shell(opened, connection, given),
  );
  await shell.greet(3000);
  await shell.send("terminal length 0");
  return { shell, connection, channel, heard };
}

async function failure(work: Promise<unknown>): Promise<DeviceError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof DeviceError) return thrown;
  throw new Error(`no DeviceError but ${String(thrown)}`);
}

describe("a command", () => {
  test("gives its whole output, also when it is megabytes long", async () => {
    const lines = Array.from({ length: 40_000 }, (_, at) => ` description line ${at} of many # and > in it`);
    expect(lines.join("\n").length).toBeGreaterThan(1_700_000);
    const { shell } = await signIn(() => `${lines.join("\r\n")}\r\nr1#`);
    expect(await shell.run("show running-config")).toBe(lines.join("\n"));
    expect(await shell.run("show again")).toBe(lines.join("\n"));
  });

  test("of which the output is over the limit fails, and nothing of it is given", async () => {
    const { shell } = await signIn(() => `${"x".repeat(200_000)}\r\nr1#`, { maxBytes: 100_000 });
    expect(await failure(shell.run("show x"))).toMatchObject({ reason: "output_too_large", command: "show x" });
    expect(shell.usable).toBe(false);
  });

  test("with a line break in it is not sent", async () => {
    const { shell, heard } = await signIn(() => "r1#");
    expect(await failure(shell.run("show x\nreload"))).toMatchObject({ reason: "command_malformed" });
    expect(await shell.run("show y")).toBe("");
    expect(heard).not.toContain("reload");
  });

  test("with a question mark in it does not ask for help", async () => {
    let raw = "";
    const { shell, channel } = await signIn(() => "r1#");
    channel.on("data", (chunk: Buffer) => (raw += chunk.toString()));
    await shell.run("description why?");
    expect(raw).toContain("description why\u0016?\n");
  });

  test("longer than the terminal is wide is sent, and its output comes whole", async () => {
    const long = `access-list 1 remark ${"x".repeat(600)}`;
    const { shell } = await signIn((line) => (line === long ? "done\r\nr1#" : "r1#"));
    expect(await shell.run(long)).toBe("done");
  });

  test("is pointed at by the column in which it stands", async () => {
    const { shell } = await signIn(() => "          ^\r\n% Invalid input detected at '^' marker.\r\n\r\nr1#");
    const { number } = await shell.send("show vtx");
    expect(shell.column(number)).toBe(3);
  });

  test("that goes on for ever is interrupted", async () => {
    const { shell, channel } = await signIn((line) => (line.startsWith("ping") ? "reply 1\r\nreply 2\r\n" : "r1#"));
    channel.on("data", (chunk: Buffer) => {
      if (chunk.includes("\u0003")) channel.write("^C\r\n2 received\r\nr1#");
    });
    const interrupt = { seen: (output: string): boolean => output.includes("reply 2"), afterMs: 5000 };
    // The test device takes the key for the beginning of the next line.
    expect((await shell.send("ping r2", { interrupt })).output).toContain("2 received");
  });
});

describe("when it goes wrong", () => {
  test("a device that hangs in the middle of an output: timeout, and the session is over", async () => {
    const { shell } = await signIn(() => "interface Gi", { timeoutMs: 150 });
    expect(await failure(shell.run("show running-config"))).toMatchObject({ reason: "timeout", command: "show running-config" });
    expect(await failure(shell.run("show version"))).toMatchObject({ reason: "timeout" });
    expect(shell.usable).toBe(false);
  });

  test("a device that drips for ever: timeout", async () => {
    let drip: NodeJS.Timeout | undefined;
    const { shell } = await signIn(
      (_line, channel) => {
        drip = setInterval(() => channel.write("x"), 10);
        return "";
      },
      { timeoutMs: 1000, totalMs: 200 },
    );
    const error = await failure(shell.send("show x", { totalMs: 200 }));
    clearInterval(drip);
    expect(error.reason).toBe("timeout");
  });

  test("a question that nobody told us the answer to is not answered", async () => {
    const { shell, heard, connection } = await signIn((line) => (line === "reload" ? "Proceed with reload? [confirm]" : "r1#"));
    const error = await failure(shell.send("reload"));
    expect(error).toMatchObject({ reason: "unexpected_prompt", command: "reload" });
    expect(error.vendorText).toContain("Proceed with reload? [confirm]");
    await connection.over;
    expect(heard).toEqual(["terminal length 0", "reload"]);
  });

  test("a question whose answer was told is answered, as often as told", async () => {
    const rule = { when: /\[startup-config\]\?\s*$/, answer: "\n", times: 1 };
    const ask = "Destination filename [startup-config]? ";
    const polite = await signIn((line) => (line === "copy" ? ask : line === "" ? "[OK]\r\nr1#" : "r1#"));
    expect((await polite.shell.send("copy", { rules: [rule] })).output).toContain("[OK]");
    const stubborn = await signIn((line) => (line === "copy" || line === "" ? ask : "r1#"));
    expect(await failure(stubborn.shell.send("copy", { rules: [rule] }))).toMatchObject({ reason: "unexpected_prompt" });
    expect(stubborn.heard).toEqual(["terminal length 0", "copy", ""]);
  });

  test("a pager is answered, and leaves no trace", async () => {
    let page = 0;
    const { shell, channel } = await signIn((line) => (line === "show x" ? "one\r\n --More-- " : "r1#"));
    channel.on("data", (chunk: Buffer) => {
      if (chunk.toString() === " ") channel.write(`${"\b".repeat(9)}        ${"\b".repeat(9)} two\r\n${page++ < 2 ? " --More-- " : "r1#"}`);
    });
    expect((await shell.send("show x")).output).toBe("one\n two\n two\n two");
  });

  test("log lines over the prompt do not stop a session", async () => {
    const { shell } = await signIn((line) => (line.startsWith("show") ? `answer\r\nr1#\r\n${log}` : "r1#"));
    expect(await shell.run("show x")).toBe("answer");
    expect(await shell.run("show y")).toBe("answer");
  });

  test("log lines between commands do not stop a session", async () => {
    const { shell, channel } = await signIn((line) => (line.startsWith("show") ? "answer\r\nr1#" : "r1#"));
    channel.write(`\r\n${log}`);
    expect(await shell.run("show x")).toBe("answer");
  });

  test("wherever the connection is cut, it is a typed error and never half an output", async () => {
    const text = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n");
    const reasons = new Set<string>();
    for (let cut = 700; cut < 4300; cut += 61) {
      const outcome = await (async () => {
        const { shell } = await signIn(() => `${text.replaceAll("\n", "\r\n")}\r\nr1#`, {
          port: async (port) => {
            const wire = await wireTo(port, cut);
            cleanUp.push(wire.close);
            return wire.port;
          },
        });
        return shell.run("show x");
      })().catch((thrown: unknown) => {
        expect(thrown).toBeInstanceOf(DeviceError);
        return (thrown as DeviceError).reason;
      });
      if (outcome !== text) reasons.add(outcome);
    }
    expect([...reasons]).toEqual(["connection_lost"]);
  });

  test("two commands at one time are refused", async () => {
    const { shell } = await signIn(() => "all\r\nr1#");
    const first = shell.run("show x");
    expect(await failure(shell.run("show y"))).toMatchObject({ reason: "out_of_step" });
    expect(await failure(shell.send("show y"))).toMatchObject({ reason: "out_of_step" });
    expect(await first).toBe("all");
  });
});
