/** The look: one accent, a dense scale, and Mantine's parts tuned to it. Colours for states are in `tokens.css`. */
import { ActionIcon, Button, createTheme, Drawer, Input, Menu, Modal, Tooltip, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#eff1fe",
  "#dde2fb",
  "#b8c2f6",
  "#93a2f2",
  "#7d8ef0",
  "#6379e8",
  "#4f65de",
  "#3f55d4",
  "#3547b8",
  "#2b3a98",
];
const slate: MantineColorsTuple = [
  "#e4e7ec",
  "#cbd1da",
  "#aab2bf",
  "#8d96a5",
  "#5b6472",
  "#39414d",
  "#262c36",
  "#191d24",
  "#13161b",
  "#0d0f13",
];

const mono = 'ui-monospace, "SF Mono", SFMono-Regular, "JetBrains Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark: slate },
  white: "#ffffff",
  black: "#16191f",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: mono,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.35", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "14px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "0.9375rem" }, h3: { fontSize: "0.8125rem" } } },
  components: {
    Button: Button.extend({ defaultProps: { size: "xs" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Input: Input.extend({ defaultProps: { size: "xs" } }),
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    MultiSelect: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    Autocomplete: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Menu: Menu.extend({ defaultProps: { shadow: "md", position: "bottom-end" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, multiline: true, maw: 340, events: { hover: true, focus: true, touch: true } } }),
    Modal: Modal.extend({ defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 }, transitionProps: { duration: 120 } } }),
    Drawer: Drawer.extend({ defaultProps: { position: "right", overlayProps: { backgroundOpacity: 0.25 }, transitionProps: { duration: 140 } } }),
  },
});
