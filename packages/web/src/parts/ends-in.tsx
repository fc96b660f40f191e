/** When something ends, with how near that is as a shape and a colour; the exact time on hover. */
import { endLook } from "./ends.ts";
import { exact } from "./format.ts";
import { State } from "./glyph.tsx";
import { useNow } from "./when.tsx";

export function Ends({ at, never = "does not end" }: { at: string | undefined; never?: string }) {
  const now = useNow(60_000);
  if (at === undefined) return <span className="dim">{never}</span>;
  const { utc, local } = exact(at);
  const look = endLook(Date.parse(at), now);
  return (
    <time dateTime={at} title={`${utc}\n${local} here`}>
      <State look={look} quiet={look.tone === "ok"} />
    </time>
  );
}
