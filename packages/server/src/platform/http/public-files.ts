/** Files that anybody may have, by their name, e.g. revocation lists; whoever asks for one has no account yet. */
import { Problem } from "@holdfast/kit";
import type { FastifyInstance } from "fastify";

export interface PublicFile {
  /** Content type. */
  type: string;
  body: Buffer;
}

/** The files below one path. */
export interface PublicFiles {
  /** e.g. `/pki`. */
  below: `/${string}`;
  find(name: string): Promise<PublicFile | undefined>;
}

/** Adds `GET <below>/<name>`; a name is letters, digits, `.`, `_` and `-`. */
export function servePublicFiles(app: FastifyInstance, { below, find }: PublicFiles): void {
  app.get<{ Params: { name: string } }>(`${below}/:name`, async ({ params: { name } }, reply) => {
    const file = /^[\w-][\w.-]{0,99}$/.test(name) ? await find(name) : undefined;
    if (!file) throw new Problem("file_missing", { kind: "missing", say: `There is no file of this name below ${below}.` });
    return reply.type(file.type).header("cache-control", "public, max-age=60").send(file.body);
  });
}
