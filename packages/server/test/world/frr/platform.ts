/** FRR's command language as a whole, and the way it writes a configuration. */
import { renderLines, type Style } from "../config/render.ts";
import { compile } from "../config/rules.ts";
import type { Block } from "../config/tree.ts";
import { bgpRules, family6Rules, familyRules } from "./bgp.ts";
import { globalRules, routeMapRules, vtyRules } from "./global.ts";
import { interfaceRules } from "./interface.ts";
import { ospfRules } from "./ospf.ts";
import { frrTypes } from "./types.ts";

export const frrVersion = "8.4.4";

export const frrGrammar = compile({
  root: "global",
  modes: {
    global: { prompt: "config", rules: globalRules },
    interface: { prompt: "config-if", rules: interfaceRules },
    "router-ospf": { prompt: "config-router", rules: ospfRules },
    "router-bgp": { prompt: "config-router", rules: bgpRules },
    "bgp-ipv4": { prompt: "config-router-af", rules: familyRules },
    "bgp-ipv6": { prompt: "config-router-af", rules: family6Rules },
    "route-map": { prompt: "config-route-map", rules: routeMapRules },
    "line-vty": { prompt: "config-line", rules: vtyRules },
  },
  types: frrTypes,
  patient: true,
  foldCase: false,
  hasDefault: false,
  comment: /^[!#]/,
  factory: () => [],
});

const isFamily = (text: string): boolean => text.startsWith("address-family ");

const style: Style = {
  before: ({ text }) => (isFamily(text) ? [" !"] : []),
  after: ({ text }) => (isFamily(text) ? [" exit-address-family"] : ["exit"]),
  hidesEmpty: ({ text }) => isFamily(text) || text.startsWith("interface ") || text === "line vty",
};

/** The configuration as the host keeps it in its file and shows it, without the words around it. */
export function frrText(root: Block): string {
  const lines = renderLines(root, style);
  return [`frr version ${frrVersion}`, "frr defaults traditional", ...lines, "!", "end"].join("\n");
}
