/** A link to a view that looks like a button. */
import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type LinkButtonProps = Omit<ButtonProps, "renderRoot"> &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> & { ref?: Ref<HTMLAnchorElement> };

function Plain(props: LinkButtonProps) {
  return <Button component="a" {...props} />;
}

export const LinkButton = createLink(Plain);
