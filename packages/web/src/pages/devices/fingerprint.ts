/** Where two fingerprints differ, in stretches. Pure. */
export interface Part {
  at: number;
  text: string;
  differs: boolean;
}

export function differenceOf(pinned: string, shown: string): Part[] {
  const parts: Part[] = [];
  Array.from(shown).forEach((character, at) => {
    const differs = character !== pinned[at];
    const last = parts.at(-1);
    if (last?.differs === differs) last.text += character;
    else parts.push({ at, text: character, differs });
  });
  return parts;
}
