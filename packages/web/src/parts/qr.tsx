/** A QR code, drawn as SVG: dark on light in both colours, because cameras ask for that. */
import { VisuallyHidden } from "@mantine/core";
import { encode } from "uqr";
import classes from "./qr.module.css";

export function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <div>
      <svg className={classes["qr"]} viewBox={`0 0 ${size} ${size}`} aria-hidden="true" shapeRendering="crispEdges">
        <path d={path} />
      </svg>
      <VisuallyHidden>{label}</VisuallyHidden>
    </div>
  );
}
