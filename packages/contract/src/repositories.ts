/** Git repositories of intent. */
import { z } from "zod";
import { idParam, instant, mergePatchOf, pageOf, pageQuery, route } from "./route.ts";

export const repository = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  branch: z.string(),
  secret: z.string().optional().describe("Name of the secret that opens it"),
  pollMs: z.number().int(),
  head: z.string().optional().describe("The newest commit seen"),
  headSubject: z.string().optional(),
  headAuthor: z.string().optional(),
  headAt: instant.optional(),
  fetchedAt: instant.optional(),
  problem: z.string().optional().describe("Why the last fetch failed, in a sentence"),
  missingSecret: z.string().optional().describe("The secret that its devices name and nobody has stored, where that is why"),
  createdAt: instant,
  etag: z.string(),
});
export type Repository = z.infer<typeof repository>;

export const revision = z.object({ commit: z.string(), subject: z.string(), author: z.string(), at: instant });
export type Revision = z.infer<typeof revision>;

const shape = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  url: z.string().min(1).max(2000).describe("https://…, ssh://…, git@host:path or file:///…; no credentials inside"),
  branch: z.string().min(1).max(200),
  secret: z.string().max(300).optional(),
  pollMs: z.number().int().min(5000).max(86_400_000),
});
const newRepository = shape.extend({ branch: shape.shape.branch.default("main"), pollMs: shape.shape.pollMs.default(60_000) });

const repositoryPatch = mergePatchOf(shape);
/** What a change of a repository may hold (RFC 7396): what is left out stays, null clears. */
export type RepositoryPatch = z.infer<typeof repositoryPatch>;

const tags = ["repositories"];
export const repositoriesContract = {
  list: route("GET", "/repositories", { permission: "repositories:read", scoped: true, summary: "List repositories", tags })
    .input(pageQuery)
    .output(pageOf(repository)),
  get: route("GET", "/repositories/{id}", { permission: "repositories:read", scoped: true, summary: "One repository", tags })
    .input(idParam)
    .output(repository),
  create: route("POST", "/repositories", {
    permission: "repositories:write",
    summary: "Connect a repository",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(newRepository)
    .output(repository),
  update: route("PATCH", "/repositories/{id}", {
    permission: "repositories:write",
    summary: "Change a repository",
    tags,
    precondition: "if-match",
  })
    .input(idParam.extend(repositoryPatch.shape))
    .output(repository),
  remove: route("DELETE", "/repositories/{id}", {
    permission: "repositories:write",
    summary: "Disconnect a repository",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  sync: route("POST", "/repositories/{id}/sync", {
    permission: "repositories:read",
    scoped: true,
    summary: "Fetch now",
    tags,
    idempotency: "accepted",
  })
    .input(idParam)
    .output(repository),
  revisions: route("GET", "/repositories/{id}/revisions", {
    permission: "repositories:read",
    scoped: true,
    summary: "Commits of the followed branch, newest first",
    tags,
  })
    .input(idParam.extend(pageQuery.shape))
    .output(pageOf(revision)),
};
