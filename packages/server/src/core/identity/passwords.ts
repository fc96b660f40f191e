/** Passwords: Argon2id with the parameters OWASP names (19 MiB, 2 passes, 1 lane), and a limit so that a flood of sign-ins takes neither memory nor the machine. */
import { availableParallelism } from "node:os";
import { hash, hashRaw, verify } from "@node-rs/argon2";
import { Problem } from "@holdfast/kit";

export interface Passwords {
  /** PHC string. @throws Problem `identity_busy` */
  hash(password: string): Promise<string>;
  /** Takes as long without a `stored` hash (no such user, or one without a password) as with a wrong password. @throws Problem `identity_busy` */
  verify(stored: string | null | undefined, password: string): Promise<boolean>;
  /** 32 bytes, the same for the same text and salt (16 bytes). @throws Problem `identity_busy` */
  derive(text: string, salt: Buffer): Promise<Buffer>;
}

const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** At once, 57 MiB at most: a core stays free for everything else, and so does one of the four threads of libuv, which also packs answers. */
const atOnce = Math.min(3, Math.max(1, availableParallelism() - 1));
const waitingAtMost = 64;

export function createPasswords(limits: { atOnce?: number; waiting?: number } = {}): Passwords {
  const enter = createGate(limits.atOnce ?? atOnce, limits.waiting ?? waitingAtMost);
  const nobody = hash("nobody's password", parameters);
  return {
    hash: (password) => enter(() => hash(password.normalize("NFKC"), parameters)),
    verify: (stored, password) =>
      enter(async () => {
        const right = await verify(stored ?? (await nobody), password.normalize("NFKC"));
        return right && typeof stored === "string";
      }),
    derive: (text, salt) => enter(() => hashRaw(text, { ...parameters, salt })),
  };
}

const current = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/** Whether a stored hash was made with other parameters than those of today. */
export function isDated(stored: string): boolean {
  return !stored.startsWith(current);
}

/** Lets `width` through at a time and `queue` wait, in order; refuses the rest at once. */
export function createGate(width: number, queue: number): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside < width) inside++;
    else if (waiting.length >= queue) throw busy();
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next(); // hands its place on
      else inside--;
    }
  };
}

function busy(): Problem {
  return new Problem("identity_busy", { kind: "unavailable", say: "Too many people sign in at this moment; try again in a few seconds." });
}
