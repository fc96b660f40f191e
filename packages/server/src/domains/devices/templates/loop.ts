/** A for loop as its body sees it through `loop`. */
import { equal } from "./compare.ts";
import { fail } from "./fault.ts";
import { lengthOf } from "./iterate.ts";
import { Callable, Lazy, orElse, Special, Tuple, Undefined, type CallArgs, type Value } from "./values.ts";
import type { Work } from "./work.ts";

type Item = [Value, string | undefined];

export class Loop {
  /** −1 before the first item. */
  index0 = -1;
  readonly variable: Special;
  readonly #work: Work;
  readonly #sized: Value | undefined;
  #source: Iterator<Item>;
  #length: number | undefined;
  /** Items taken from the source ahead of the loop. */
  #ahead: Item[] = [];
  #before: Value | undefined;
  #current: Value | undefined;
  #changed: Value | undefined;

  /** `sized`: what is gone through, where all of it is; its length is asked, not counted. */
  constructor(source: Iterator<Item>, { sized, work }: { sized: Value | undefined; work: Work }) {
    this.#source = source;
    this.#sized = sized instanceof Lazy ? undefined : sized;
    this.#work = work;
    this.variable = new Special({
      title: "loop variable",
      attribute: (name) => this.#attribute(name),
      length: () => this.#count(),
      call: () => fail("a recursive for is not supported", "Write a macro that calls itself."),
    });
  }

  next(): Item | undefined {
    const item = this.#peek();
    if (!item) return undefined;
    this.#ahead.shift();
    this.index0++;
    this.#before = this.#current;
    [this.#current] = item;
    return item;
  }

  #peek(): Item | undefined {
    if (this.#ahead.length === 0) {
      const next = this.#source.next();
      if (next.done !== true) this.#ahead.push(next.value);
    }
    return this.#ahead[0];
  }

  #count(): number {
    this.#length ??= this.#sized === undefined ? undefined : lengthOf(this.#sized);
    if (this.#length === undefined) {
      for (let next = this.#source.next(); next.done !== true; next = this.#source.next()) this.#ahead.push(next.value);
      this.#length = this.index0 + 1 + this.#ahead.length;
    }
    return this.#length;
  }

  #attribute(name: string): Value | undefined {
    switch (name) {
      case "index":
        return this.index0 + 1;
      case "index0":
        return this.index0;
      case "revindex":
        return this.#count() - this.index0;
      case "revindex0":
        return this.#count() - this.index0 - 1;
      case "first":
        return this.index0 === 0;
      case "last":
        return this.#peek() === undefined;
      case "length":
        return this.#count();
      case "depth":
        return 1;
      case "depth0":
        return 0;
      case "previtem":
        return orElse(this.#before, new Undefined("there is no item before the first"));
      case "nextitem":
        return this.#nextItem();
      case "cycle":
        return new Callable("cycle", (args) => this.#cycle(args));
      case "changed":
        return new Callable("changed", (args) => this.#hasChanged(args));
      default:
        return undefined;
    }
  }

  #nextItem(): Value {
    const item = this.#peek();
    return item ? item[0] : new Undefined("there is no item after the last");
  }

  #cycle({ positional }: CallArgs): Value {
    if (positional.length === 0) return fail("loop.cycle needs at least one item");
    return positional[this.index0 % positional.length] ?? null;
  }

  #hasChanged({ positional }: CallArgs): boolean {
    const value = new Tuple(positional);
    if (this.#changed !== undefined && equal(this.#changed, value, this.#work)) return false;
    this.#changed = value;
    return true;
  }
}
