/** Completion for bash, zsh and fish, made from the commands themselves. */
import { Problem } from "@holdfast/kit";
import type { Command } from "commander";

interface Node {
  path: string;
  words: string[];
  options: string[];
}

/** Every command with the words that may follow it. */
export function commandTree(program: Command): Node[] {
  const nodes: Node[] = [];
  const walk = (command: Command, path: string[]): void => {
    nodes.push({
      path: path.join(" "),
      words: command.commands.map((child) => child.name()).filter((name) => name !== "help"),
      options: command.options.flatMap((option) => (option.long ? [option.long] : [])),
    });
    for (const child of command.commands) walk(child, [...path, child.name()]);
  };
  walk(program, []);
  return nodes;
}

/** @throws Problem `cli_shell_unknown` */
export function completionFor(shell: string, program: Command): string {
  const nodes = commandTree(program);
  if (shell === "bash") return bash(nodes);
  if (shell === "zsh") return `#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
  if (shell === "fish") return fish(nodes);
  throw new Problem("cli_shell_unknown", { kind: "invalid", say: `There is completion for bash, zsh and fish, not for ${shell}.` });
}

function bash(nodes: Node[]): string {
  const cases = nodes.map((node) => `    "${node.path}") words="${[...node.words, ...node.options].join(" ")}" ;;`).join("\n");
  return `_holdfast() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _holdfast holdfast
`;
}

function fish(nodes: Node[]): string {
  const lines = nodes.flatMap((node) => {
    const seen =
      node.path === ""
        ? "__fish_use_subcommand"
        : node.path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    const hidden = node.words.length > 0 && node.path !== "" ? `; and not __fish_seen_subcommand_from ${node.words.join(" ")}` : "";
    return [
      ...node.words.map((word) => `complete -c holdfast -f -n '${seen}${hidden}' -a '${word}'`),
      ...node.options.map((option) => `complete -c holdfast -n '${seen}' -l '${option.slice(2)}'`),
    ];
  });
  return `${lines.join("\n")}\n`;
}
