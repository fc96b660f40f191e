/** One line of a configuration with what stands under it. */
export interface ConfigNode {
  /** As it would be typed, without indentation. A banner or a certificate is one node whose text holds line breaks. */
  text: string;
  /** What equality is decided by; the text unless the platform writes one thing in several ways. */
  key: string;
  children: ConfigNode[];
  /** 1-based line of the source; 0 when nobody wrote it. */
  line: number;
  /** True when the platform's defaults say this, not the text. Never shown, never printed. */
  implied?: boolean;
}

/** An ordered tree; the nodes are the lines of the top level. */
export interface ConfigTree {
  children: ConfigNode[];
}

const none: ConfigNode[] = [];

/** A line without children. Its child list is shared: add with `adopt`. */
export function leaf(text: string, line: number): ConfigNode {
  return { text, key: text, children: none, line };
}

/** Puts a node under another. */
export function adopt(parent: ConfigTree, child: ConfigNode): void {
  if (parent.children === none) parent.children = [child];
  else parent.children.push(child);
}

/** The tree as text, one space of indentation per level, `\n` at each line's end. Parsing it again gives the same tree. */
export function printConfig(tree: ConfigTree): string {
  const lines: string[] = [];
  const walk = (nodes: ConfigNode[], depth: number): void => {
    for (const node of nodes) {
      if (node.implied) continue;
      lines.push(" ".repeat(depth) + node.text);
      walk(node.children, depth + 1);
    }
  };
  walk(tree.children, 0);
  return lines.length ? `${lines.join("\n")}\n` : "";
}
