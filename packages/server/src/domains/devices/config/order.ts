/**
 * Puts steps in an order in which nothing is used before it is there, nothing goes while it is used, nobody takes what another
 * still holds. Within that freedom: first what is made, in the order of the intended text; then what is taken away.
 */
import { range4 } from "./addresses.ts";
import type { Step } from "./steps.ts";

type Names = Map<string, Step[]>;

function byName(steps: Step[], namesOf: (step: Step) => string[]): Names {
  const found: Names = new Map();
  for (const step of steps) {
    for (const name of namesOf(step)) {
      const list = found.get(name);
      if (list) list.push(step);
      else found.set(name, [step]);
    }
  }
  return found;
}

/** Every step of `later` waits for every step of `earlier` that has the same name. */
function wait(later: Names, earlier: Names): void {
  for (const [name, steps] of later) {
    for (const before of earlier.get(name) ?? []) for (const step of steps) if (step !== before) step.after.add(before);
  }
}

interface Held {
  step: Step;
  holder: string;
  low: number;
  high: number;
}

const subnet = "subnet:";

function subnetsOf(steps: Step[], side: "takes" | "leaves"): Held[] {
  return steps.flatMap((step) =>
    step[side].flatMap(({ what, holder }) => {
      if (!what.startsWith(subnet)) return [];
      const [address = "", length = "32"] = what.slice(subnet.length).split("/");
      const block = range4(address, Number(length));
      return block ? [{ step, holder, ...block }] : [];
    }),
  );
}

/** Whoever takes a thing waits for the other that leaves it; subnets are one thing when they overlap. */
function waitForHolders(steps: Step[]): void {
  const leaving = byName(steps, (step) => step.leaves.map(({ what }) => what));
  for (const step of steps) {
    for (const { what, holder } of step.takes) {
      for (const other of leaving.get(what) ?? []) {
        if (other !== step && other.leaves.some((held) => held.what === what && held.holder !== holder)) step.after.add(other);
      }
    }
  }
  const left = subnetsOf(steps, "leaves").sort((one, other) => one.low - other.low);
  for (const taken of subnetsOf(steps, "takes")) {
    for (const other of left) {
      if (other.low > taken.high) break;
      if (other.high >= taken.low && other.holder !== taken.holder && other.step !== taken.step) taken.step.after.add(other.step);
    }
  }
}

/** Says what has to wait for what. `stillDefined`: whether the intended configuration has the name. */
function tie(steps: Step[], stillDefined: (names: Set<string>) => Set<string>): void {
  const drops = byName(steps, (step) => step.drops);
  const kept = drops.size ? stillDefined(new Set(drops.keys())) : new Set<string>();
  const gone: Names = new Map([...drops].map(([name, users]) => [name, kept.has(name) ? users.filter(({ remade }) => remade) : users]));
  const users = byName(steps, (step) => step.uses);
  wait(
    users,
    byName(steps, (step) => step.defines),
  );
  wait(
    gone,
    byName(steps, (step) => step.frees),
  );
  wait(users, gone);
  waitForHolders(steps);
}

class Line {
  readonly done: Step[] = [];
  readonly #finished = new Set<Step>();
  readonly #open = new Set<Step>();
  readonly #openGroups = new Set<string>();
  readonly #groups = new Map<string, Step[]>();

  readonly #freers: Names;

  constructor(sorted: Step[]) {
    this.#freers = byName(sorted, (step) => step.frees);
    for (const step of sorted) {
      const key = this.#keyOf(step);
      const list = this.#groups.get(key);
      if (list) list.push(step);
      else this.#groups.set(key, [step]);
    }
  }

  #keyOf(step: Step): string {
    return `${step.phase} ${step.group}`;
  }

  /** The whole section of a step at once, so that it is entered once; what it waits for goes first. */
  section(step: Step): void {
    const key = this.#keyOf(step);
    if (this.#openGroups.has(key)) return this.one(step);
    this.#openGroups.add(key);
    const steps = this.#groups.get(key) ?? [];
    for (const member of steps) for (const before of member.after) if (this.#keyOf(before) !== key) this.#need(before, member);
    for (const member of steps) this.one(member);
    this.#openGroups.delete(key);
  }

  #need(before: Step, step: Step): void {
    if (this.#finished.has(before)) return;
    if (this.#open.has(before)) this.#letGo(before);
    else if (before.phase === step.phase && this.#open.size === 0) this.section(before);
    else this.one(before);
  }

  /** Two steps wait for each other: the one that can lets go beforehand. */
  #letGo(step: Step): void {
    const { release } = step;
    if (!release) return;
    delete step.release;
    for (const name of release.frees) for (const user of this.#freers.get(name) ?? []) if (!this.#open.has(user)) this.one(user);
    this.done.push({ ...step, lines: release.lines });
    step.lines = [...step.lines, ...release.again];
  }

  one(step: Step): void {
    if (this.#finished.has(step)) return;
    this.#open.add(step);
    for (const before of step.after) if (!this.#finished.has(before)) this.#need(before, step);
    this.#open.delete(step);
    if (this.#finished.has(step)) return;
    this.#finished.add(step);
    this.done.push(step);
  }
}

/** The steps in an order in which no one is refused; ties that cannot all hold (a circle) give way last. */
export function inOrder(steps: Step[], stillDefined: (names: Set<string>) => Set<string>): Step[] {
  tie(steps, stillDefined);
  const sorted = [...steps].sort((one, other) => one.phase - other.phase || one.order - other.order);
  const line = new Line(sorted);
  for (const step of sorted) line.section(step);
  return line.done;
}
