/** The rules of ARCHITECTURE.md, read off the sources: who may import whom, what decides without looking, where SQL is, how large things are. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parseSync } from "oxc-parser";

/** Floors from the ground up, with the floors that each may import. `contract` is the vocabulary of `http` and `events`, so `platform` has it. */
const floors: { name: string; at: string; may: string[] }[] = [
  { name: "kit", at: "packages/kit/src/", may: [] },
  { name: "contract", at: "packages/contract/src/", may: ["kit"] },
  { name: "platform", at: "packages/server/src/platform/", may: ["kit", "contract"] },
  { name: "core", at: "packages/server/src/core/", may: ["kit", "contract", "platform"] },
  { name: "domains", at: "packages/server/src/domains/", may: ["kit", "contract", "platform", "core"] },
  { name: "views", at: "packages/server/src/views/", may: ["kit", "contract", "platform"] },
  { name: "apps", at: "packages/server/src/apps/", may: ["kit", "contract", "platform", "core", "domains", "views", "world"] },
  { name: "world", at: "packages/server/test/world/", may: ["kit", "contract", "platform", "core", "domains", "views", "apps"] },
  { name: "agent", at: "packages/agent/src/", may: ["kit", "contract"] },
  { name: "decoy", at: "packages/decoy/src/", may: ["kit", "contract"] },
  { name: "cli", at: "packages/cli/src/", may: ["kit", "contract"] },
  { name: "web", at: "packages/web/src/", may: ["kit", "contract"] },
];
/** A core module imports only those before it. */
const coreOrder = ["audit", "secrets", "pki", "identity", "assets", "signals", "findings", "rollout", "response", "notify"];

const deciding = /^(intent|plan|checks|respond|waves|advance)\.ts$/;
/** What a deciding file may not say: the time, chance, and whatever reaches the world. */
const impureWords =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|systemClock|newId|setTimeout|setInterval|fetch\(|process\.|crypto\.|console\.)/;
/** What a deciding file may call. Zod only says what has which shape. */
const vocabulary = ["@holdfast/kit", "@holdfast/contract", "zod", "yaml"];
/** SQL: Kysely's `sql` tag and the beginnings of its queries. */
const sqlWords = /\bsql(?:<[^`]*>)?`|\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(/;
/** What may start a program, and why it does not go by run-tool. */
const startsPrograms: Record<string, string> = {
  "packages/server/src/platform/run-tool.ts": "every program that is waited for",
  "packages/server/src/platform/postgres/postmaster.ts": "the database, which stays",
  "packages/server/src/apps/dev/build-console.ts": "the console's build, in a checkout, on the developer's terminal",
};
/**
 * What may make a regular expression of something else than a text of its own. What comes from people or devices must not become one: it would
 * mean something else than it says, or take for ever. A pattern that a user writes needs an engine of linear time.
 */
const makesPatterns: Record<string, string> = {
  "packages/server/src/platform/git-files.ts": "globs of our own, escaped",
  "packages/server/src/platform/http/missing.ts": "paths of the contract",
  "packages/server/src/platform/openapi-links.ts": "paths of the contract",
  "packages/server/src/domains/devices/config/frr-lines.ts": "two words of our own",
  "packages/server/src/domains/devices/config/ios-sections.ts": "a constant",
  "packages/server/src/domains/devices/config/pattern.ts": "patterns of the dialects, our own",
  "packages/server/src/domains/devices/platforms/cli.ts": "a pattern of a platform without its anchor",
  "packages/server/src/domains/devices/platforms/token.ts": "a constant",
  "packages/server/src/domains/devices/templates/brace-format.ts": "a number, 3 or 4",
  "packages/server/src/domains/devices/templates/lexer.ts": "constants",
  "packages/server/src/domains/devices/templates/text.ts": "constants",
};
const madePattern = /\bRegExp\(\s*(?!["'\s]|`(?:[^`\\$]|\\.|\$(?!\{))*`)/;
/** Guessable; only waiting times may come of it. */
const guessable = /\bMath\.random\b/;
const dynamicCode = /\beval\(|\bnew Function\(|["'](?:node:)?vm["']/;
/** What would make a page of somebody's text, or keep people from pasting a password. */
const unsafePage = /\b(dangerouslySetInnerHTML|(?:inner|outer)HTML|insertAdjacentHTML|document\.write|srcDoc|onPaste)\b/;
/** A password that is shown as it is typed, or that no password manager may fill in. */
const unkindField = /<TextInput\b[^>]*\blabel=(?:"[^"]*[Pp]assword|\{`[^`]*[Pp]assword)|<PasswordInput\b[^>]*autoComplete="off"/;
/** What a browser keeps, and where that is said. */
const browserKeeps = /\b(localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open)\b/;
const keepsInBrowser: Record<string, string> = {
  "packages/web/src/app/scheme.ts": "light or dark",
  "packages/web/src/app/begun.ts": "which sign-in elsewhere was begun, until it comes back",
};
const forbiddenNames = /^(utils?|helpers?|common|misc|manager|service|base|impl|data|info|handle|process)\.tsx?$/;
const longestFile = 400;
const longestReadme = 40;

export interface SourceFile {
  /** From the root of the repository. */
  path: string;
  text: string;
}

interface Import {
  /** Path of the file; undefined for a package. */
  to: string | undefined;
  specifier: string;
  typesOnly: boolean;
}

/** All breaches, each as a sentence. */
export function breachesOf(files: SourceFile[]): string[] {
  const sources = new Map(files.filter(({ path }) => /\.tsx?$/.test(path)).map((file) => [file.path, read(file)]));
  return [
    ...files.flatMap(sizeBreaches),
    ...[...sources.values()]
      .filter(({ path }) => !isTest(path))
      .flatMap((source) => [
        ...importBreaches(source),
        ...purityBreaches(source, sources),
        ...sqlBreaches(source),
        ...dangerBreaches(source),
      ]),
  ];
}

interface Source extends SourceFile {
  imports: Import[];
  /** The text without comments. */
  code: string;
}

function read({ path, text }: SourceFile): Source {
  const { module, comments } = parseSync(path, text);
  const imports = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typesOnly: entries.length > 0 && entries.every((entry) => entry.isType),
  }));
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest ? [{ specifier: moduleRequest.value, typesOnly: isType }] : [])),
  );
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
    specifier: text.slice(start + 1, end - 1),
    typesOnly: false,
  }));
  const code = comments.reduce((rest, { start, end }) => rest.slice(0, start) + " ".repeat(end - start) + rest.slice(end), text);
  return { path, text, code, imports: [...imports, ...exports, ...dynamic].map((one) => ({ ...one, to: resolve(path, one.specifier) })) };
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(from), specifier);
  const [place, ...rest] = specifier.split("/");
  const below = rest.join("/");
  switch (place) {
    case "#platform":
    case "#views":
      return `packages/server/src/${place.slice(1)}/${below}.ts`;
    case "#core":
    case "#domains":
      return `packages/server/src/${place.slice(1)}/${below}/index.ts`;
    case "#world":
      return `packages/server/test/world/${below}.ts`;
    case "#test":
      return `packages/server/test/${below}.ts`;
    case "@holdfast":
      return `packages/${below}/src/index.ts`;
    default:
      return undefined;
  }
}

const floorOf = (path: string) => floors.find(({ at }) => path.startsWith(at));
/** `core/audit` of a file in core or domains; undefined elsewhere. */
const moduleOf = (path: string) => /^packages\/server\/src\/((?:core|domains)\/[^/]+)\//.exec(path)?.[1];
const isTest = (path: string) => /\.test\.tsx?$/.test(path);

function importBreaches({ path, imports }: Source): string[] {
  const floor = floorOf(path);
  if (floor === undefined) return [];
  return imports.flatMap(({ to, specifier }) => {
    if (to === undefined) return floor.name === "kit" ? [`${path} imports ${specifier}, but kit has no dependencies.`] : [];
    const target = floorOf(to);
    if (target === undefined) return [`${path} imports ${to}, which is on no floor that ${floor.name} may use.`];
    const [mine, theirs] = [moduleOf(path), moduleOf(to)];
    const inside = target === floor && mine === theirs;
    if (inside) return [];
    const entered =
      theirs === undefined || to.endsWith(`${theirs}/index.ts`)
        ? []
        : [`${path} enters ${theirs} through ${basename(to)}; a module is entered through its index.ts.`];
    return [...downBreaches({ path, floor: floor.name, may: floor.may, mine }, target.name, theirs), ...entered];
  });
}

function downBreaches(
  from: { path: string; floor: string; may: string[]; mine: string | undefined },
  target: string,
  theirs: string | undefined,
): string[] {
  if (from.floor === "core" && target === "core") {
    const earlier = coreOrder.indexOf(basename(theirs ?? "")) < coreOrder.indexOf(basename(from.mine ?? ""));
    return earlier ? [] : [`${from.path} imports ${theirs}, which does not come before ${from.mine} in the core.`];
  }
  if (from.floor === "domains" && target === "domains")
    return [`${from.path} imports ${theirs}; domains never import each other, they meet in the core.`];
  return from.may.includes(target)
    ? []
    : [`${from.path} imports ${target}; ${from.floor} may import only ${from.may.join(", ") || "nothing"}.`];
}

/** A deciding file, and whatever of its own module it calls, neither looks nor waits. */
function purityBreaches(source: Source, sources: Map<string, Source>, through = source.path, seen = new Set<string>()): string[] {
  if (through === source.path && !(deciding.test(basename(source.path)) && moduleOf(source.path) !== undefined)) return [];
  if (seen.has(source.path)) return [];
  seen.add(source.path);
  const whose = through === source.path ? through : `${through} by way of ${source.path}`;
  const word = impureWords.exec(source.code)?.[1];
  return [
    ...(word === undefined ? [] : [`${whose} says ${word}; a file that decides takes time, chance and the world as arguments.`]),
    ...source.imports.flatMap(({ to, specifier, typesOnly }) => {
      if (typesOnly || vocabulary.includes(specifier)) return [];
      const own = to === undefined ? undefined : sources.get(to);
      if (own !== undefined && moduleOf(own.path) === moduleOf(source.path)) return purityBreaches(own, sources, through, seen);
      return [`${whose} imports ${specifier}; a file that decides imports kit, contract, types, and its own module's like.`];
    }),
  ];
}

function sqlBreaches({ path, code }: Source): string[] {
  const floor = floorOf(path)?.name;
  if (floor === undefined || !sqlWords.test(code)) return [];
  if (floor === "views") return [];
  const own = floor === "platform" ? "platform" : basename(moduleOf(path) ?? "");
  if (floor !== "platform" && !/^store(-[a-z-]+)?\.ts$/.test(basename(path))) return [`${path} contains SQL; only store.ts and views do.`];
  const schemas = [...coreOrder, "devices", "overlay", "deception", "detection", "posture", "platform"];
  const named = [...code.matchAll(/["'`\s(]([a-z]+)\.[a-z_]+(?=["'`\s(,)])/g)].map((match) => match[1] ?? "");
  const foreign = named.filter((schema) => schemas.includes(schema) && schema !== own);
  return [...new Set(foreign)].map((schema) => `${path} names the schema ${schema}; a store names only its own.`);
}

/** Programs, code and patterns. */
function dangerBreaches({ path, code, imports }: Source): string[] {
  if (!/^packages\/\w+\/src\//.test(path)) return [];
  if (path.startsWith("packages/web/")) return pageBreaches(path, code);
  const runs = dynamicCode.exec(code)?.[0];
  const server = path.startsWith("packages/server/");
  const starts = server && imports.some(({ specifier }) => /^(node:)?child_process$/.test(specifier)) && !(path in startsPrograms);
  const makes = server && madePattern.test(code) && !(path in makesPatterns);
  return [
    ...(runs === undefined ? [] : [`${path} says ${runs}; text never becomes code.`]),
    ...(guessable.test(code) && path !== "packages/kit/src/retry.ts" ? [`${path} says Math.random, which can be guessed.`] : []),
    ...(starts ? [`${path} starts programs; platform/run-tool does that.`] : []),
    ...(makes ? [`${path} makes a regular expression of what may be anybody's text.`] : []),
  ];
}

function pageBreaches(path: string, code: string): string[] {
  const unsafe = (unsafePage.exec(code) ?? dynamicCode.exec(code))?.[0];
  const kept = path in keepsInBrowser ? undefined : browserKeeps.exec(code)?.[0];
  return [
    ...(unkindField.test(code) ? [`${path} shows a password, or keeps password managers from it.`] : []),
    ...(unsafe === undefined ? [] : [`${path} says ${unsafe}; a page shows text as text.`]),
    ...(kept === undefined ? [] : [`${path} says ${kept}; what a browser keeps is said in architecture.ts.`]),
  ];
}

function sizeBreaches({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  const most = basename(path) === "README.md" ? longestReadme : longestFile;
  return [
    ...(lines > most ? [`${path} has ${lines} lines; ${most} are the most.`] : []),
    ...(forbiddenNames.test(basename(path)) ? [`${path} has a name that says nothing; name it after the main thing in it.`] : []),
  ];
}

/** Sources and module READMEs below `root`, the repository. */
export function sourceFiles(root: string): SourceFile[] {
  const places = readdirSync(join(root, "packages")).flatMap((name) => [join("packages", name, "src"), join("packages", name, "test")]);
  const paths = places.flatMap((place) => list(join(root, place)));
  return paths.map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$|^README\.md$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // a package without sources of this sort
  }
}
