/** The key ring where settings say that it is: opened once, with what unlocks it, and then read again whenever it may have changed. */
import { Problem, type Secret } from "@holdfast/kit";
import { addKey, makeKeyRing, readKeyRing, readWrapping, type KeyRing } from "./key-ring.ts";
import { unlock, type KeyWrap, type Protection } from "./key-wrap.ts";

/** `file`: made at the first start; `protection`: what its keys are wrapped with. `inline`: given by the settings, see `KeyPlace`. */
export type KeySource = { file: string; protection?: Protection | undefined } | { inline: Secret };

export interface OpenedSource {
  readonly from: "file" | "settings";
  readonly wrappedBy: "none" | Protection["by"];
  /** For what is said about it. */
  readonly name: string;
  /** Undefined when the file is not there. @throws Problem `secrets_key_ring_*` */
  read(): KeyRing | undefined;
  /** The first ring, or the one that another process made meanwhile; undefined where the settings give it. */
  make(): Promise<KeyRing | undefined>;
  /** With a new active key. @throws Problem `secrets_key_ring_inline` */
  add(): KeyRing;
}

/** @throws Problem `secrets_key_ring_locked` when the protection does not fit */
export async function openKeySource(source: KeySource): Promise<OpenedSource> {
  if ("inline" in source) return inlineSource(source);
  const { file, protection } = source;
  let wrap = await wrapFor(file, protection);
  return {
    from: "file",
    wrappedBy: protection?.by ?? "none",
    name: file,
    read: () => readKeyRing({ file }, wrap),
    async make() {
      if (!makeKeyRing(file, wrap)) wrap = await wrapFor(file, protection);
      return readKeyRing({ file }, wrap);
    },
    add: () => addKey(file, wrap),
  };
}

function wrapFor(file: string, protection: Protection | undefined): Promise<KeyWrap> | undefined {
  return protection && unlock(protection, readWrapping(file), file);
}

function inlineSource(place: { inline: Secret }): OpenedSource {
  return {
    from: "settings",
    wrappedBy: "none",
    name: "in the settings",
    read: () => readKeyRing(place),
    make: () => Promise.resolve(undefined),
    add() {
      throw new Problem("secrets_key_ring_inline", {
        kind: "not_ready",
        say: "The key ring comes from the settings. Put a new key first there, keep the others, and restart; what is sealed follows by itself.",
      });
    },
  };
}
