/** The frame of every page: what it is, its answer in one sentence, and what can be done here. */
import { useDocumentTitle } from "@mantine/hooks";
import { Skeleton } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import classes from "./page.module.css";

export interface Crumb {
  label: string;
  to: LinkProps["to"];
}

interface PageProps {
  title: string;
  crumbs?: Crumb[];
  /** Beside the title: a state, a short id. */
  beside?: ReactNode;
  /** The answer. `null` while it is read. */
  say?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}

export function Page({ title, crumbs = [], beside, say, acts, children }: PageProps) {
  useDocumentTitle(`${title} · Holdfast`);
  return (
    <div className={classes["page"]}>
      <header className={classes["head"]}>
        <div className={classes["words"]}>
          {crumbs.length > 0 && (
            <nav aria-label="Breadcrumb" className={classes["crumbs"]}>
              {crumbs.map((crumb) => (
                <span key={crumb.label}>
                  <Link {...({ to: crumb.to } as LinkProps)} className="dim">
                    {crumb.label}
                  </Link>
                  <span aria-hidden="true"> / </span>
                </span>
              ))}
            </nav>
          )}
          <div className={classes["title"]}>
            <h1>{title}</h1>
            {beside}
          </div>
          {say !== undefined && (
            <div className={classes["say"]}>{say === null ? <Skeleton height={14} width="min(360px, 60vw)" mt={4} /> : say}</div>
          )}
        </div>
        {acts !== undefined && <div className={classes["acts"]}>{acts}</div>}
      </header>
      {children}
    </div>
  );
}

/** What else there is to know of what the page shows: `li` elements, small and in a row. */
export function Notes({ children }: { children: ReactNode }) {
  return <ul className={classes["notes"]}>{children}</ul>;
}

/** A titled block of a page. */
export function Panel({
  title,
  beside,
  children,
  flush = false,
  id,
}: {
  title?: ReactNode;
  beside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  id?: string;
}) {
  return (
    <section className={classes["panel"]} data-flush={flush || undefined} aria-labelledby={id}>
      {title !== undefined && (
        <div className={classes["panelHead"]}>
          <h2 id={id}>{title}</h2>
          {beside}
        </div>
      )}
      {children}
    </section>
  );
}
