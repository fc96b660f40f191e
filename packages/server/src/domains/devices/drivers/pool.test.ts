import { setImmediate as turnOfLoop } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { createDevicePool, type DeviceEndpoint, type DevicePoolOptions, type Pool } from "../platforms/index.ts";
import { bareServer, talk, type BareServer } from "#test/devices/bare-server";
import { DeviceError } from "./error.ts";
import { SlotQueue, type Claim } from "./queue.ts";

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

interface World {
  pool: Pool;
  server: BareServer;
  endpoint(id: string, changes?: Partial<DeviceEndpoint>): DeviceEndpoint;
}

async function world(options: DevicePoolOptions = {}): Promise<World> {
  const server = await bareServer({
    onShell: (channel) => void talk(channel, "r1#", (line) => (line === "show hang" ? undefined : `did ${line}\r\nr1#`)),
  });
  const pool = createDevicePool({ ...options, session: { quietMs: 50, timeoutMs: 2000, ...options.session } });
  cleanUp.push(server.close, pool.close);
  const endpoint: World["endpoint"] = (id, changes = {}) => ({ ...reach(server), name: id, id, platform: "frr", ...changes });
  return { pool, server, endpoint };
}

function reach(server: BareServer): Pick<DeviceEndpoint, "address" | "port" | "hostKey" | "credential"> {
  const { address, port, credential } = server.target();
  return { address, port, credential, hostKey: server.fingerprints[0] ?? "" };
}

describe("the pool", () => {
  test("gives an open session to the next caller", async () => {
    const { pool, server, endpoint } = await world();
    for (const at of [1, 2, 3])
      expect(await pool.withSession(endpoint("r1"), (session) => session.run(`show ${at}`))).toBe(`did show ${at}`);
    expect(server.connections).toBe(1);
    expect(pool.stats()).toEqual({ busy: 0, idle: 1, waiting: 0 });
  });

  test("a fresh session is a new connection, and the old one makes room for it", async () => {
    const { pool, server, endpoint } = await world();
    await pool.withSession(endpoint("r1"), (session) => session.run("show 1"));
    await pool.withSession(endpoint("r1"), (session) => session.run("show 2"), { fresh: true });
    expect(server.connections).toBe(2);
    expect(pool.stats().idle).toBe(1);
  });

  test("a session is not given to who would sign in in another way", async () => {
    const { pool, server, endpoint } = await world();
    await pool.withSession(endpoint("r1"), (session) => session.run("show 1"));
    const wrong = endpoint("r1", { credential: { kind: "password", username: "ops", password: "wrong" } });
    await expect(pool.withSession(wrong, (session) => session.run("show 2"))).rejects.toMatchObject({ reason: "auth_failed" });
    expect(server.connections).toBe(2);
  });

  test("whatever goes wrong, the session is closed and the error is the caller's", async () => {
    const { pool, server, endpoint } = await world();
    const mine = new Error("mine");
    await expect(pool.withSession(endpoint("r1"), () => Promise.reject(mine))).rejects.toBe(mine);
    expect(pool.stats()).toEqual({ busy: 0, idle: 0, waiting: 0 });
    await pool.withSession(endpoint("r1"), (session) => session.run("show 1"));
    expect(server.connections).toBe(2);
  });

  test("a session that died unused is not given out", async () => {
    const { pool, server, endpoint } = await world();
    let over: Promise<void> | undefined;
    await pool.withSession(endpoint("r1"), async (session) => {
      over = session.over;
      await session.run("show 1");
    });
    server.drop();
    await over;
    expect(await pool.withSession(endpoint("r1"), (session) => session.run("show 2"))).toBe("did show 2");
    expect(server.connections).toBe(2);
  });

  test("one caller at a time per device, in the order of asking; others do not wait for them", async () => {
    const { pool, endpoint } = await world();
    const order: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const ask = (device: string, name: string): Promise<void> =>
      pool.withSession(endpoint(device), async () => {
        order.push(name);
        if (name === "first") await gate;
      });
    const first = ask("r1", "first");
    const rest = [ask("r1", "second"), ask("r1", "third")];
    await ask("r2", "other device");
    expect(order).toContain("other device");
    expect(pool.stats().waiting).toBe(2);
    open();
    await Promise.all([first, ...rest]);
    expect(order.filter((name) => name !== "other device")).toEqual(["first", "second", "third"]);
  });

  test("who gives up waiting leaves the line", async () => {
    const { pool, endpoint } = await world();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = pool.withSession(endpoint("r1"), () => gate);
    const abort = new AbortController();
    const second = pool.withSession(endpoint("r1"), () => Promise.reject(new Error("never")), { signal: abort.signal });
    abort.abort();
    await expect(second).rejects.toMatchObject({ reason: "aborted" });
    expect(pool.stats().waiting).toBe(0);
    open();
    await first;
    expect(await pool.withSession(endpoint("r1"), (session) => session.run("show x"))).toBe("did show x");
  });

  test("who gives up in the middle of a command gets an error at once, and the session is closed", async () => {
    const { pool, endpoint } = await world();
    const abort = new AbortController();
    const hanging = pool.withSession(
      endpoint("r1"),
      (session) => {
        const answer = session.run("show hang");
        abort.abort();
        return answer;
      },
      { signal: abort.signal },
    );
    await expect(hanging).rejects.toMatchObject({ reason: "aborted" });
    expect(pool.stats()).toEqual({ busy: 0, idle: 0, waiting: 0 });
  });

  test("sessions through one bastion share its connection, a fresh one has its own, and their number is limited", async () => {
    const jump = await bareServer();
    cleanUp.push(jump.close);
    const { pool, endpoint } = await world({ limits: { perBastion: 2 } });
    const bastion: DeviceEndpoint = { ...reach(jump), name: "jump1", id: "jump1", platform: "frr" };
    let most = 0;
    let now = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++now);
      await turnOfLoop();
      now--;
    };
    await Promise.all(Array.from({ length: 6 }, (_, at) => pool.withSession(endpoint(`r${at}`, { bastion }), work)));
    expect(most).toBe(2);
    expect(jump.connections).toBe(1);
    await pool.withSession(endpoint("r1", { bastion }), work, { fresh: true });
    expect(jump.connections).toBe(2);
  });

  test("the limit over all counts unused sessions, which go first", async () => {
    const { pool, endpoint } = await world({ limits: { total: 3 } });
    for (let at = 0; at < 6; at++) await pool.withSession(endpoint(`r${at}`), () => Promise.resolve());
    expect(pool.stats().idle).toBe(3);
  });

  test("too many waiting is an error, not a longer line", async () => {
    const { pool, endpoint } = await world({ limits: { waiting: 1 } });
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = pool.withSession(endpoint("r1"), () => gate);
    const second = pool.withSession(endpoint("r1"), () => Promise.resolve("served"));
    await expect(pool.withSession(endpoint("r1"), () => Promise.resolve())).rejects.toMatchObject({ reason: "too_many_waiting" });
    open();
    await first;
    expect(await second).toBe("served");
  });

  test("closing ends what runs and refuses what waits", async () => {
    const { pool, endpoint } = await world();
    const running = pool.withSession(endpoint("r1"), async (session) => {
      const answer = session.run("show hang");
      const waiting = pool.withSession(endpoint("r1"), () => Promise.resolve());
      await pool.close();
      await expect(waiting).rejects.toMatchObject({ reason: "closed" });
      return answer;
    });
    await expect(running).rejects.toBeInstanceOf(DeviceError);
    await expect(pool.withSession(endpoint("r1"), () => Promise.resolve())).rejects.toMatchObject({ reason: "closed" });
  });
});

describe("the queue", () => {
  const claims = fc.record({ device: fc.constantFrom("a", "b", "c", "d"), bastion: fc.constantFrom(undefined, "x", "y") });
  const steps = fc.array(
    fc.oneof({ weight: 3, arbitrary: claims }, { weight: 2, arbitrary: fc.constantFrom("release" as const, "leave" as const) }),
    { maxLength: 60 },
  );

  test("keeps every limit, loses nobody, and serves a device in order, whatever comes", () => {
    fc.assert(
      fc.property(steps, fc.nat(), (all, seed) => {
        const limits = { perDevice: 1, perBastion: 2, total: 3, waiting: 1000 };
        const queue = new SlotQueue(limits);
        const held: { claim: Claim; turn: number }[] = [];
        const waiting = new Map<number, { claim: Claim; leave: () => void }>();
        let turn = 0;
        const served = new Map<string, number>();
        const ask = (claim: Claim): void => {
          const mine = turn++;
          let granted = false;
          const leave = queue.ask(claim, () => {
            granted = true;
            held.push({ claim, turn: mine });
            waiting.delete(mine);
            const before = served.get(JSON.stringify(claim)) ?? -1;
            expect(mine).toBeGreaterThan(before);
            served.set(JSON.stringify(claim), mine);
          });
          if (leave !== false && !granted) waiting.set(mine, { claim, leave });
        };
        for (const step of all) {
          if (step === "release") {
            const [one] = held.splice(seed % Math.max(1, held.length), 1);
            if (one) queue.release(one.claim);
          } else if (step === "leave") {
            const [number, one] = [...waiting][0] ?? [];
            one?.leave();
            if (number !== undefined) waiting.delete(number);
          } else ask(step);
          expect(held.length).toBeLessThanOrEqual(limits.total);
          for (const id of ["a", "b", "c", "d"])
            expect(held.filter(({ claim }) => claim.device === id).length).toBeLessThanOrEqual(limits.perDevice);
          for (const id of ["x", "y"])
            expect(held.filter(({ claim }) => claim.bastion === id).length).toBeLessThanOrEqual(limits.perBastion);
          expect(queue.waiting).toBe(waiting.size);
        }
        while (held.length > 0) queue.release(held.shift()?.claim ?? { device: "", bastion: undefined });
        expect(waiting.size).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
