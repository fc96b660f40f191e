/** The one detail drawer: opens beside a list, has its own URL, and closes back to the list. */
import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";

interface SideDrawerProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  width?: number;
}

export function SideDrawer({ title, onClose, children, width = 560 }: SideDrawerProps) {
  return (
    <Drawer.Root opened onClose={onClose} size={width} position="right">
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content>
        <Drawer.Header style={{ borderBottom: "1px solid var(--line)", minHeight: 52 }}>
          {/* The focus begins at what the drawer is about; the first Tab leads to what can be done. */}
          <Drawer.Title data-autofocus tabIndex={-1} style={{ fontWeight: 620, minWidth: 0, outline: "none" }}>
            {title}
          </Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </Drawer.Header>
        <Drawer.Body style={{ paddingTop: 16, display: "grid", gap: 16 }}>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
