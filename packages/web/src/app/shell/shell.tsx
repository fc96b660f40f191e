/** What is around every page: navigation, palette, live badge, keyboard. */
import { ActionIcon, Drawer, Kbd, UnstyledButton } from "@mantine/core";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useKeyboard } from "../keyboard/use-keyboard.ts";
import { Live } from "../live/live.tsx";
import { LiveBadge } from "./live-badge.tsx";
import { Mark } from "./mark.tsx";
import { Navigation } from "./navigation.tsx";
import { PersonMenu } from "./person-menu.tsx";
import classes from "./shell.module.css";

const Palette = lazy(() => import("./palette.tsx").then((module) => ({ default: module.Palette })));
const Help = lazy(() => import("./help.tsx").then((module) => ({ default: module.Help })));
const mac = navigator.userAgent.includes("Mac");

export function Shell() {
  const navigate = useNavigate();
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(0);
  const openPalette = useCallback(() => setPalette((times) => times + 1), []);
  const openHelp = useCallback(() => setHelp(true), []);
  useKeyboard({ onHelp: openHelp, onPalette: openPalette });
  const main = useFocusOnArrival();
  const onSignedOut = useCallback(
    () => void navigate({ to: "/sign-in", search: { next: location.pathname + location.search } }),
    [navigate],
  );
  return (
    <Live onSignedOut={onSignedOut}>
      <a href="#main" className={classes["skip"]}>
        Skip to the page
      </a>
      <div className={classes["shell"]}>
        <section className={classes["top"]} aria-label="Top bar">
          <ActionIcon aria-label="Navigation" aria-expanded={menu} size={34} onClick={() => setMenu(true)}>
            <IconMenu2 size={19} />
          </ActionIcon>
          <Link to="/" className={classes["brand"] ?? ""}>
            <Mark size={22} /> Holdfast
          </Link>
          <LiveBadge />
          <ActionIcon aria-label="Search pages, devices and acts" size={34} onClick={openPalette}>
            <IconSearch size={18} />
          </ActionIcon>
        </section>
        <section className={classes["side"]} aria-label="Sidebar">
          <Side onHelp={openHelp} onPalette={openPalette} />
        </section>
        <main id="main" ref={main} tabIndex={-1} className={classes["main"]}>
          <Outlet />
        </main>
      </div>
      <Drawer.Root opened={menu} onClose={() => setMenu(false)} position="left" size={264} padding={0}>
        <Drawer.Overlay backgroundOpacity={0.3} />
        <Drawer.Content aria-label="Navigation">
          <div className={classes["drawer"]}>
            <Side onHelp={openHelp} onPalette={openPalette} onGo={() => setMenu(false)} />
          </div>
        </Drawer.Content>
      </Drawer.Root>
      <Suspense fallback={null}>
        {palette > 0 && <Palette key={palette} onHelp={openHelp} />}
        {help && <Help opened onClose={() => setHelp(false)} />}
      </Suspense>
    </Live>
  );
}

function Side({ onHelp, onPalette, onGo }: { onHelp: () => void; onPalette: () => void; onGo?: () => void }) {
  return (
    <div className={classes["inside"]}>
      <Link to="/" className={classes["brand"] ?? ""} onClick={() => onGo?.()}>
        <Mark /> Holdfast
      </Link>
      <UnstyledButton className={classes["search"] ?? ""} onClick={onPalette}>
        <IconSearch size={14} />
        <span>Search or jump to…</span>
        <Kbd size="xs">{mac ? "⌘K" : "Ctrl K"}</Kbd>
      </UnstyledButton>
      <div className={classes["scroll"]}>
        <Navigation {...(onGo && { onGo })} />
      </div>
      <div className={classes["bottom"]}>
        <LiveBadge />
        <PersonMenu onHelp={onHelp} />
      </div>
    </div>
  );
}

/** After a page was changed by keyboard or pointer, the focus begins at the new page. */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname.split("/").slice(0, 3).join("/") });
  const was = useRef(path);
  useEffect(() => {
    if (was.current === path) return;
    was.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
