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
  "#98a1af",
  "#6b7482",
  "#333a45",
  "#242a33",
  "#191d24",
  "#14171c",
  "#101318",
  "#0b0d10",
];

const mono = 'ui-monospace, "SF Mono", SFMono-Regular, "JetBrains Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark: slate },
  white: "#ffffff",
  black: "#16191f",
  fontFamily:
    '-apple-system, "Segoe UI Variable Text", "Segoe UI", Inter, Roboto, "Noto Sans", Cantarell, "Liberation Sans", "Helvetica Neue", Arial, system-ui, sans-serif',
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
    Button: Button.extend({ defaultProps: { size: "xs" }, styles: { root: { fontWeight: 550 } } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Input: Input.extend({ defaultProps: { size: "xs" } }),
    InputWrapper: {
      styles: {
        label: { fontWeight: 500, marginBottom: 3 },
        description: { fontSize: "0.75rem", color: "var(--dim)", marginTop: -1, marginBottom: 4 },
      },
    },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    MultiSelect: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    Autocomplete: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs", withThumbIndicator: false } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Menu: Menu.extend({ defaultProps: { shadow: "md", position: "bottom-end" } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 350, multiline: true, maw: 340, events: { hover: true, focus: true, touch: true } },
    }),
    Modal: Modal.extend({
      styles: { title: { fontWeight: 620, fontSize: "0.9375rem" } },
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 }, transitionProps: { duration: 120 } },
    }),
    Drawer: Drawer.extend({
      defaultProps: { position: "right", overlayProps: { backgroundOpacity: 0.25 }, transitionProps: { duration: 140 } },
    }),
  },
});
