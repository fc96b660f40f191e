/** What a method of a value is. */
import type { Given } from "./signature.ts";
import type { CallArgs, Value } from "./values.ts";
import type { Work } from "./work.ts";

/** A method of a value of type T with a fixed signature. */
export interface Method<T> {
  signature: string;
  apply: (self: T, given: Given, work: Work) => Value;
}

/** A method that takes whatever it is given. */
export interface OpenMethod<T> {
  applyOpen: (self: T, args: CallArgs, work: Work) => Value;
}

export type MethodTable<T> = Readonly<Record<string, Method<T> | OpenMethod<T>>>;
