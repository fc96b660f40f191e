/**
 * A load of its own process: so many requests a second at even distances, whether earlier ones have answered or not. Each is timed from
 * the moment it was due, so that a server that stands still is not asked less. Says what it saw as JSON.
 */
import { Agent, request } from "node:http";

/** Of `every` hundred requests so many of this kind; `{n}` stands for a number that no other request has. */
export interface Kind {
  share: number;
  method: "GET" | "POST";
  path: string;
  body?: string;
}

export interface Load {
  origin: string;
  headers: Record<string, string>;
  perSecond: number;
  seconds: number;
  kinds: Kind[];
}

export interface Seen {
  /** By status; 0: no answer. */
  statuses: Record<string, number>;
  /** Milliseconds from when they were due. */
  p50: number;
  p99: number;
  most: number;
  /** Answers a second. */
  perSecond: number;
}

async function put(load: Load): Promise<Seen> {
  const { origin, headers, perSecond, seconds, kinds } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const order = kinds.flatMap((kind) => Array.from({ length: kind.share }, () => kind));
  const took: number[] = [];
  const statuses: Record<string, number> = {};
  const ask = (no: number, dueMs: number): Promise<void> =>
    new Promise((resolve) => {
      // 61 shares no factor with a hundred: the kinds are mixed, and every run mixes them alike.
      const { method, path, body } = order[(no * 61) % order.length]!;
      const over = (status: number): void => {
        took.push(performance.now() - dueMs);
        statuses[status] = (statuses[status] ?? 0) + 1;
        resolve();
      };
      const numbered = body?.replaceAll("{n}", String(no));
      const more = numbered === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(numbered) };
      const call = request(
        `${origin}${path.replaceAll("{n}", String(no))}`,
        { agent, method, headers: { ...headers, ...more } },
        (answer) => {
          answer.resume().on("end", () => over(answer.statusCode ?? 0));
        },
      );
      call.on("error", () => over(0)).end(numbered);
    });
  const begun = performance.now();
  const flying: Promise<void>[] = [];
  for (let no = 0; no < perSecond * seconds; no++) {
    const dueMs = begun + (no * 1000) / perSecond;
    const early = dueMs - performance.now();
    if (early > 0) await new Promise((resolve) => void setTimeout(resolve, early));
    flying.push(ask(no, dueMs));
  }
  await Promise.all(flying);
  const lasted = (performance.now() - begun) / 1000;
  agent.destroy();
  took.sort((left, right) => left - right);
  const at = (part: number): number => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0;
  return { statuses, p50: at(0.5), p99: at(0.99), most: at(1), perSecond: took.length / lasted };
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2] ?? "") as Load;
  process.stdout.write(JSON.stringify(await put(load)));
}
