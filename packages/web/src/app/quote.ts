/** Words for a shell. Pure. */

/** One word for a POSIX shell; quoted only where it must be. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
