/** Compares a module's `tables.ts`, as it is written, with the tables that the migrations make. */
import { sql } from "kysely";
import { parseSync, type TSType, type TSTypeName } from "oxc-parser";
import type { Db } from "#platform/db";

/** What a value of a column is on our side; `named`: a type from elsewhere, which the name alone does not tell. */
type Kind = "string" | "number" | "boolean" | "Date" | "Buffer" | "array" | "json" | "named";

interface Column {
  kind: Kind;
  nullable: boolean;
  /** The database gives it when an insert does not. */
  generated: boolean;
}

type Tables = Map<string, Map<string, Column>>;

/** PostgreSQL's types (as information_schema names them), and what the driver makes of them. */
const kinds: Record<string, Kind[]> = {
  text: ["string", "named"],
  "character varying": ["string", "named"],
  uuid: ["string"],
  inet: ["string"],
  smallint: ["number"],
  integer: ["number"],
  bigint: ["number"],
  "double precision": ["number"],
  boolean: ["boolean"],
  "timestamp with time zone": ["Date"],
  bytea: ["Buffer"],
  tsvector: ["string"],
  jsonb: ["json"],
  ARRAY: ["array"],
};

/** Every difference as one plain sentence; none when the file and the database agree. Looks at all tables of the schemas that the file names. */
export async function tableDifferences(db: Db, source: string): Promise<string[]> {
  const written = writtenTables(source);
  if (written.size === 0) return ['The file names no tables (`export type XTables = { "schema.table": … }`).'];
  const schemas = [...new Set([...written.keys()].map((name) => name.split(".")[0] ?? ""))];
  const made = await madeTables(db, schemas);
  const names = [...new Set([...written.keys(), ...made.keys()])].sort();
  return names.flatMap((name) => {
    const [ours, theirs] = [written.get(name), made.get(name)];
    if (!ours) return [`The table ${name} is in the database and not in the file.`];
    if (!theirs) return [`The table ${name} is in the file and not in the database.`];
    return columnDifferences(name, ours, theirs);
  });
}

interface MadeColumn {
  type: string;
  nullable: boolean;
  defaulted: boolean;
}

function columnDifferences(table: string, ours: Map<string, Column>, theirs: Map<string, MadeColumn>): string[] {
  const names = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return names.flatMap((name) => {
    const [written, made] = [ours.get(name), theirs.get(name)];
    if (!written) return [`The column ${table}.${name} is in the database and not in the file.`];
    if (!made) return [`The column ${table}.${name} is in the file and not in the database.`];
    return differences(written, made).map((say) => `The column ${table}.${name} ${say}.`);
  });
}

function differences(written: Column, made: MadeColumn): string[] {
  const found: string[] = [];
  const allowed = kinds[made.type];
  if (allowed && !allowed.includes(written.kind)) found.push(`is ${made.type} in the database and ${written.kind} in the file`);
  if (!allowed) found.push(`has the type ${made.type}, which test/tables.ts does not know`);
  if (written.nullable !== made.nullable) found.push(`may ${made.nullable ? "" : "not "}be null in the database, unlike in the file`);
  if (written.generated && !made.defaulted) found.push("is Generated in the file and has no default in the database");
  return found;
}

async function madeTables(db: Db, schemas: string[]): Promise<Map<string, Map<string, MadeColumn>>> {
  const { rows } = await sql<MadeColumn & { table: string; name: string }>`
    select c.table_schema || '.' || c.table_name as table, c.column_name as name, c.data_type as type, c.is_nullable = 'YES' as nullable,
           c.column_default is not null or c.is_identity = 'YES' or c.is_generated = 'ALWAYS' as defaulted
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where t.table_type = 'BASE TABLE' and c.table_schema = any(${schemas})`.execute(db);
  const tables = new Map<string, Map<string, MadeColumn>>();
  for (const { table, name, ...column } of rows) tables.set(table, (tables.get(table) ?? new Map<string, MadeColumn>()).set(name, column));
  return tables;
}

type Members = Extract<TSType, { type: "TSTypeLiteral" }>["members"];
type Signature = Extract<Members[number], { type: "TSPropertySignature" }>;

interface Declarations {
  /** Members of interfaces and object types, with those they extend. */
  members: Map<string, Members>;
  aliases: Map<string, TSType>;
}

function writtenTables(source: string): Tables {
  const declared = declarations(source);
  const tables: Tables = new Map();
  for (const members of declared.members.values())
    for (const member of members.filter(isSignature)) {
      const type = member.typeAnnotation?.typeAnnotation;
      const name = keyOf(member);
      if (!/^[a-z_]+\.[a-z_]+$/.test(name) || type?.type !== "TSTypeReference") continue;
      const columns = declared.members.get(nameOf(type.typeName)) ?? [];
      tables.set(name, new Map(columns.filter(isSignature).map((column) => [keyOf(column), columnOf(column, declared)])));
    }
  return tables;
}

function declarations(source: string): Declarations {
  const { program, errors } = parseSync("tables.ts", source);
  if (errors.length > 0) throw new Error(errors[0]?.message);
  const found: Declarations = { members: new Map(), aliases: new Map() };
  for (const statement of program.body) {
    const one = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (one?.type === "TSInterfaceDeclaration") {
      const inherited = one.extends.flatMap(
        ({ expression }) => found.members.get(expression.type === "Identifier" ? expression.name : "") ?? [],
      );
      found.members.set(one.id.name, [...inherited, ...one.body.body]);
    }
    if (one?.type === "TSTypeAliasDeclaration") {
      found.aliases.set(one.id.name, one.typeAnnotation);
      if (one.typeAnnotation.type === "TSTypeLiteral") found.members.set(one.id.name, one.typeAnnotation.members);
    }
  }
  return found;
}

function isSignature(member: Members[number]): member is Signature {
  return member.type === "TSPropertySignature";
}

function keyOf({ key }: Signature): string {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

function nameOf(name: TSTypeName): string {
  return name.type === "Identifier" ? name.name : "";
}

function columnOf(member: Signature, declared: Declarations): Column {
  const type = member.typeAnnotation?.typeAnnotation;
  return type ? read(type, declared) : { kind: "named", nullable: false, generated: false };
}

function read(type: TSType, declared: Declarations): Column {
  switch (type.type) {
    case "TSUnionType": {
      const kept = type.types.filter((one) => one.type !== "TSNullKeyword");
      const first = kept[0] ? read(kept[0], declared) : { kind: "named" as const, nullable: false, generated: false };
      return { ...first, nullable: first.nullable || kept.length < type.types.length };
    }
    case "TSTypeReference":
      return readReference(type, declared);
    default:
      return { kind: plainKind(type), nullable: false, generated: false };
  }
}

function readReference(type: Extract<TSType, { type: "TSTypeReference" }>, declared: Declarations): Column {
  const name = nameOf(type.typeName);
  const first = type.typeArguments?.params[0];
  if (name === "Date" || name === "Buffer") return { kind: name, nullable: false, generated: false };
  if (name === "Generated" && first) return { ...read(first, declared), generated: true };
  if (name === "ColumnType" && first) return { kind: "json", nullable: read(first, declared).nullable, generated: false };
  const alias = declared.aliases.get(name);
  if (!alias) return { kind: "named", nullable: false, generated: false };
  // An alias with a parameter, such as `Json<T>`: what it is, with null if the argument has it.
  const inner = read(alias, declared);
  return first ? { ...inner, nullable: inner.nullable || read(first, declared).nullable } : inner;
}

function plainKind(type: TSType): Kind {
  switch (type.type) {
    case "TSStringKeyword":
      return "string";
    case "TSLiteralType":
      return "string";
    case "TSTemplateLiteralType":
      return "string";
    case "TSNumberKeyword":
      return "number";
    case "TSBooleanKeyword":
      return "boolean";
    case "TSArrayType":
      return "array";
    default:
      return "named";
  }
}
