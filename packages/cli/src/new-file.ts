/** Files that a command makes. A secret one is for its owner alone, and never takes the place of another. */
import { existsSync, writeFileSync } from "node:fs";
import { Problem, sayError } from "@holdfast/kit";
import { placeOf } from "./outside.ts";

interface NewFile {
  write(text: string): void;
}

/** Looks before anything is done whose result could then not be kept. @throws Problem `cli_file_exists`; `write`: `cli_file_unwritable` */
export function newFile(file: string, { replace = false, secret = false }: { replace?: boolean; secret?: boolean } = {}): NewFile {
  if (!replace && existsSync(placeOf(file))) {
    throw new Problem("cli_file_exists", { kind: "conflict", say: `${file} is there already; move it away, or choose another name.` });
  }
  return {
    write(text) {
      try {
        writeFileSync(placeOf(file), text, { mode: secret ? 0o600 : 0o644, flag: replace ? "w" : "wx" });
      } catch (thrown) {
        throw new Problem("cli_file_unwritable", {
          kind: "invalid",
          say: `${file} cannot be written: ${sayError(thrown)}.`,
          because: thrown,
        });
      }
    },
  };
}
