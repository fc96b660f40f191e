/** Where names are looked up: in the scopes around a place, then in the context of the template. */
import type { BlockShape, ScopeNames, Template } from "./nodes.ts";
import type { Sheet } from "./sheet.ts";
import type { Dict, Value } from "./values.ts";

/** A value under a name, and which data it was read from. */
export interface Slot {
  value: Value;
  from: readonly string[];
  /** Where its text was printed, for a block that was captured: its lines keep their sources. */
  sheet?: Sheet;
}

export interface Lookup {
  find(name: string): Slot | undefined;
}

export const unknownOrigin: readonly string[] = [];

/** The variables given to the template, then the functions that every template has. */
export class DataLookup implements Lookup {
  readonly #data: Dict | undefined;
  readonly #globals: ReadonlyMap<string, Value>;
  constructor(globals: ReadonlyMap<string, Value>, data?: Dict) {
    this.#globals = globals;
    this.#data = data;
  }
  find(name: string): Slot | undefined {
    const value = this.#data?.get(name);
    if (value !== undefined) return { value, from: [name] };
    const global = this.#globals.get(name);
    return global === undefined ? undefined : { value: global, from: unknownOrigin };
  }
}

/** Names over other names, as an included template gets them. */
export class Layer implements Lookup {
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #below: Lookup;
  constructor(slots: ReadonlyMap<string, Slot>, below: Lookup) {
    this.#slots = slots;
    this.#below = below;
  }
  find(name: string): Slot | undefined {
    return this.#slots.get(name) ?? this.#below.find(name);
  }
}

/** A block as one template of an inheritance chain defines it. */
export interface BlockOf {
  block: BlockShape;
  template: Template;
}

/** What one template, its parents and their blocks share. */
export class Context implements Lookup {
  readonly base: Lookup;
  /** Assigned at the top level, so seen by blocks and parents. */
  readonly vars = new Map<string, Slot>();
  /** Which of them an import may take. */
  readonly exported = new Set<string>();
  /** Each block from the most derived template to the base. */
  readonly blocks: Map<string, BlockOf[]>;

  constructor(base: Lookup, blocks: Map<string, BlockOf[]> = new Map()) {
    this.base = base;
    this.blocks = blocks;
  }

  find(name: string): Slot | undefined {
    return this.vars.get(name) ?? this.base.find(name);
  }

  /** Adds a template to the end of the inheritance chain. */
  extend(template: Template): void {
    for (const [name, block] of template.blocks) {
      const known = this.blocks.get(name);
      if (known) known.push({ block, template });
      else this.blocks.set(name, [{ block, template }]);
    }
  }
}

/** The names of one body: a loop's, a macro's, a block's. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly slots = new Map<string, Slot>();
  readonly #names: ScopeNames;

  constructor(names: ScopeNames, parent?: Scope) {
    this.#names = names;
    this.parent = parent;
  }

  /** The slot of a name; `hidden` where the name is the scope's own but not assigned yet; undefined to look in the context. */
  find(name: string): Slot | "hidden" | undefined {
    const slot = this.slots.get(name);
    if (slot) return slot;
    return this.#names.hidden.has(name) ? "hidden" : this.parent?.find(name);
  }

  set(name: string, value: Value, from: readonly string[] = unknownOrigin, sheet?: Sheet): Slot {
    const slot = sheet ? { value, from, sheet } : { value, from };
    this.slots.set(name, slot);
    return slot;
  }

  /** Everything assigned here and around, the inner over the outer. */
  flatten(into: Map<string, Slot>): Map<string, Slot> {
    this.parent?.flatten(into);
    for (const [name, slot] of this.slots) into.set(name, slot);
    return into;
  }
}
