/** Who is signed in; the colours; the way out. */
import { Menu, SegmentedControl, UnstyledButton, useMantineColorScheme, VisuallyHidden } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconDevices, IconKeyboard, IconLogout, IconSelector, IconUserShield } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { writeGrants } from "@holdfast/kit";
import { sayProblem } from "../../parts/run-act.tsx";
import { invoke } from "../api.ts";
import { useMe } from "../session.ts";
import classes from "./person-menu.module.css";

export function PersonMenu({ onHelp }: { onHelp: () => void }) {
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    // It ends here in any case; where the provider that one came from wants it, the browser goes on there.
    mutationFn: () => invoke("federation.signOut", undefined),
    onSuccess: async ({ url }) => {
      if (url !== undefined) return location.assign(url);
      await navigate({ to: "/sign-in" });
      queries.clear();
    },
    onError: sayProblem,
  });
  const name = me?.user.name ?? "";
  return (
    <Menu position="top-start" width={232}>
      <Menu.Target>
        <UnstyledButton className={classes["person"] ?? ""}>
          <span className={classes["initial"]} aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className={classes["who"]}>
            <span className="clip">{name}</span>
            <span className={classes["role"]}>{writeGrants(me?.user.grants ?? [])}</span>
          </span>
          <VisuallyHidden>Your menu</VisuallyHidden>
          <IconSelector size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Colours</Menu.Label>
        <div className={classes["scheme"]}>
          <SegmentedControl
            fullWidth
            aria-label="Colours"
            value={colorScheme}
            onChange={(value) => setColorScheme(value as "light" | "dark" | "auto")}
            data={[
              { value: "auto", label: "System" },
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
            ]}
          />
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconUserShield size={15} />} onClick={() => void navigate({ to: "/settings/profile" })}>
          Your profile
        </Menu.Item>
        <Menu.Item leftSection={<IconDevices size={15} />} onClick={() => void navigate({ to: "/settings/sessions" })}>
          Your sessions
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={onHelp}>
          Keyboard
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
