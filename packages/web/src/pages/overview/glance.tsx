/** A block of the overview: the first of something, and the way to all of it. */
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Panel } from "../../parts/page.tsx";

interface GlanceProps {
  id: string;
  title: string;
  to: NonNullable<LinkProps["to"]>;
  /** What the link to the whole says. */
  all: string;
  children: ReactNode;
}

export function Glance({ id, title, to, all, children }: GlanceProps) {
  return (
    <Panel
      id={id}
      title={title}
      flush
      beside={
        <Link to={to} className="dim">
          {all}
        </Link>
      }
    >
      {children}
    </Panel>
  );
}
