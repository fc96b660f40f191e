/** Completion for bash, zsh and fish, made from the commands themselves. */
import { Problem } from "@holdfast/kit";
import type { Command, Option } from "commander";

interface Node {
  /** Words from the program on; "" for the program itself. */
  path: string;
  words: string[];
  options: string[];
}

interface Completion {
  nodes: Node[];
  /** Options that take a value: what follows is not a command. */
  valued: string[];
  /** Values of an option that has a choice, by option. */
  choices: [option: string, values: string[]][];
}

const shells = ["bash", "zsh", "fish"] as const;

/** Every command with the words that may follow it; options of the program may follow all of them. */
export function commandTree(program: Command): Node[] {
  const nodes: Node[] = [];
  const walk = (command: Command, path: string[]): void => {
    const words = command.commands.map((child) => child.name()).filter((name) => name !== "help");
    nodes.push({ path: path.join(" "), words: command.name() === "completion" ? [...shells] : words, options: longOf(command.options) });
    for (const child of command.commands) walk(child, [...path, child.name()]);
  };
  walk(program, []);
  const everywhere = [...longOf(program.options), "--help"];
  return nodes.map((node) => ({ ...node, options: [...new Set([...node.options, ...everywhere])] }));
}

function longOf(options: readonly Option[]): string[] {
  return options.flatMap((option) => option.long ?? []);
}

function completionOf(program: Command): Completion {
  const options: Option[] = [];
  const walk = (command: Command): void => {
    options.push(...command.options);
    for (const child of command.commands) walk(child);
  };
  walk(program);
  const takes = options.filter((option) => option.required || option.optional);
  const choices = new Map<string, Set<string>>();
  for (const { long, short, argChoices } of takes)
    for (const name of [long, short]) if (name && argChoices) choices.set(name, new Set([...(choices.get(name) ?? []), ...argChoices]));
  return {
    nodes: commandTree(program),
    valued: [...new Set(takes.flatMap(({ long, short }) => [long, short].filter((name) => name !== undefined)))],
    choices: [...choices].map(([name, values]) => [name, [...values]]),
  };
}

/** @throws Problem `cli_shell_unknown` */
export function completionFor(shell: string, program: Command): string {
  const completion = completionOf(program);
  if (shell === "bash") return bash(completion);
  if (shell === "zsh") return zsh(completion);
  if (shell === "fish") return fish(completion);
  throw new Problem("cli_shell_unknown", { kind: "invalid", say: `There is completion for bash, zsh and fish, not for ${shell}.` });
}

/** For a test of one word among many, in all shells alike. */
function known(nodes: Node[]): string {
  return `|${nodes.map(({ path }) => path).join("|")}|`;
}

function bash({ nodes, valued, choices }: Completion): string {
  const cases = nodes.map((node) => `    "${node.path}") words="${[...node.words, ...node.options].join(" ")}" ;;`);
  const values = choices.map(([option, words]) => `    ${option}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur")); return ;;`);
  return `_holdfast() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" route="" word="" words="" skip=""
  local known="${known(nodes)}"
  case "$prev" in
${values.join("\n")}
    ${valued.join("|")}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "$word" in
      ${valued.join("|")}) skip=1 ;;
      -*) ;;
      *) case "$known" in *"|\${route:+$route }$word|"*) route="\${route:+$route }$word" ;; esac ;;
    esac
  done
  case "$route" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _holdfast holdfast
`;
}

/** Works sourced, and as a file named _holdfast on the function path. */
function zsh({ nodes, valued, choices }: Completion): string {
  const cases = nodes.map((node) => `    "${node.path}") compadd -- ${[...node.words, ...node.options].join(" ")} ;;`);
  const values = choices.map(([option, words]) => `    ${option}) compadd -- ${words.join(" ")}; return ;;`);
  return `#compdef holdfast
_holdfast() {
  local route="" word="" skip="" known="${known(nodes)}"
  local -i at
  case "\${words[CURRENT-1]}" in
${values.join("\n")}
    ${valued.join("|")}) _files; return ;;
  esac
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      ${valued.join("|")}) skip=1 ;;
      -*) ;;
      *) [[ "$known" == *"|\${route:+$route }$word|"* ]] && route="\${route:+$route }$word" ;;
    esac
  done
  case "$route" in
${cases.join("\n")}
  esac
}
if [[ "\${funcstack[1]}" == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`;
}

function fish({ nodes, valued, choices }: Completion): string {
  const values = new Map(choices);
  const lines = nodes.flatMap(({ path, words, options }) => [
    ...words.map((word) => `complete -c holdfast -f -n '__holdfast_at "${path}"' -a '${word}'`),
    ...options.map((option) => {
      const choice = values.get(option);
      return `complete -c holdfast -n '__holdfast_at "${path}"' -l '${option.slice(2)}'${choice ? ` -x -a '${choice.join(" ")}'` : valued.includes(option) ? " -r" : ""}`;
    }),
  ]);
  return `function __holdfast_at
    set -l known '${known(nodes)}'
    set -l route ''
    set -l skip 0
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for word in $tokens
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${valued.join(" ")}
                set skip 1
            case '-*'
            case '*'
                set -l deeper (string trim -- "$route $word")
                string match -q -- "*|$deeper|*" $known; and set route $deeper
        end
    end
    test "$route" = "$argv[1]"
end
${lines.join("\n")}
`;
}
