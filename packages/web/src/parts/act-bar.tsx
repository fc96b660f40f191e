/** The acts of a screen as buttons. What one may not do stays visible and says why; `</>` shows every act as a command. */
import { ActionIcon, Button, Menu, Popover, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconCode, IconDots } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";
import { obstacle, type Act } from "../app/act.ts";
import { useMe } from "../app/session.ts";
import { CodeLines } from "./code-lines.tsx";
import { useRunAct } from "./run-act.tsx";
import classes from "./act-bar.module.css";

/** One act as a button. */
export function ActButton({ one, size = "xs" }: { one: Act; size?: "xs" | "compact-xs" }) {
  const { run, running } = useRunAct();
  const why = obstacle(one, useMe());
  const whyId = useId();
  const button = (
    <Button
      size={size}
      variant={one.tone === "primary" ? "filled" : "default"}
      {...(one.tone === "danger" && { className: classes["danger"] })}
      leftSection={one.icon}
      loading={running !== undefined}
      aria-disabled={why !== undefined || undefined}
      aria-describedby={why === undefined ? undefined : whyId}
      data-blocked={why !== undefined || undefined}
      classNames={{ root: classes["button"] ?? "" }}
      onClick={() => why === undefined && run(one)}
    >
      {one.label}
    </Button>
  );
  if (why === undefined) return button;
  return (
    <>
      <Tooltip label={why} openDelay={100}>
        {button}
      </Tooltip>
      <VisuallyHidden id={whyId}>{why}</VisuallyHidden>
    </>
  );
}

interface ActBarProps {
  acts: Act[];
  /** Acts beyond this many go into a menu. */
  most?: number;
  /** What else leads on from here; it stands before `</>`. */
  children?: ReactNode;
}

export function ActBar({ acts, most = 4, children }: ActBarProps) {
  if (acts.length === 0) return null;
  const shown = acts.length > most ? acts.slice(0, Math.max(0, most - 1)) : acts;
  const rest = acts.slice(shown.length);
  return (
    <>
      {shown.map((one) => (
        <ActButton key={one.label} one={one} />
      ))}
      {rest.length > 0 && <More acts={rest} />}
      {children}
      <AsCode acts={acts} />
    </>
  );
}

function More({ acts }: { acts: Act[] }) {
  const { run } = useRunAct();
  const me = useMe();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="More acts">
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {acts.map((one) => {
          const why = obstacle(one, me);
          return (
            <Menu.Item
              key={one.label}
              leftSection={one.icon}
              aria-disabled={why !== undefined || undefined}
              data-blocked={why !== undefined || undefined}
              className={classes["item"] ?? ""}
              closeMenuOnClick={why === undefined}
              onClick={() => why === undefined && run(one)}
            >
              {one.label}
              {why !== undefined && <span className={classes["why"]}>{why}</span>}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Every act of this screen as a command line and an API call. */
export function AsCode({ acts }: { acts: Act[] }) {
  return (
    <Popover width="min(560px, calc(100vw - 24px))" position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Tooltip label="The same as commands and API calls">
          <ActionIcon variant="default" size={30} aria-label="The same as commands and API calls">
            <IconCode size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown className={classes["code"] ?? ""} aria-label="The same as commands and API calls">
        {acts.map((one) => (
          <CodeLines key={one.label} title={one.label} lines={one.lines()} />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
