/** A list with nothing in it: everything is left out by the filter, or there is nothing yet. */
import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Empty } from "./empty.tsx";
import { LinkButton } from "./link-button.tsx";
import { Panel } from "./page.tsx";

interface EmptyListProps {
  icon: ReactNode;
  /** What there would be, e.g. `finding`, and many of them. */
  noun: [one: string, many: string];
  filtered: boolean;
  /** The list without a filter. */
  all: NonNullable<LinkProps["to"]>;
  /** Where nothing is filtered: that there is nothing, and why. */
  title: string;
  act?: ReactNode;
  children?: ReactNode;
}

export function EmptyList({ icon, noun: [one, many], filtered, all, title, act, children }: EmptyListProps) {
  const showAll = (
    <LinkButton variant="default" to={all}>
      Show all {many}
    </LinkButton>
  );
  return (
    <Panel>
      {filtered ? (
        <Empty icon={icon} title={`No ${one} fits this filter`} act={showAll} />
      ) : (
        <Empty icon={icon} title={title} act={act}>
          {children}
        </Empty>
      )}
    </Panel>
  );
}
