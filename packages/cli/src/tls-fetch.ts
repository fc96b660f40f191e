/** A fetch over TLS that shows a client certificate and trusts authorities of one's own, which the built-in one cannot. */
import { request } from "node:https";
import { Problem } from "@holdfast/kit";

/** PEM. */
export interface TlsParts {
  /** In place of the system's. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

const mostBytes = 1_000_000;

/** For requests and answers that fit into memory. @throws Problem `cli_no_tls` for an address without https */
export function tlsFetch(parts: TlsParts): typeof globalThis.fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const url = new URL(asked.url);
    if (url.protocol !== "https:") throw new Problem("cli_no_tls", { kind: "invalid", say: `${url.origin} is no https address.` });
    const body = Buffer.from(await asked.arrayBuffer());
    const headers = { ...Object.fromEntries(asked.headers), "content-length": String(body.length) };
    return new Promise<Response>((resolve, reject) => {
      const options = {
        method: asked.method,
        headers,
        minVersion: "TLSv1.3",
        agent: false,
        signal: asked.signal,
        ...given(parts),
      } as const;
      const asking = request(url, options, (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > mostBytes) answer.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const told = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
            value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
          );
          const status = answer.statusCode ?? 0;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: told }));
        });
      });
      asking.on("error", reject);
      asking.end(body);
    });
  };
}

function given(parts: TlsParts): Record<string, string> {
  return Object.fromEntries(Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
