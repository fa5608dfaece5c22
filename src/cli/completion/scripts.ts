import { type CommandWords, type Flag, groups } from "./command-words.ts";

export type Shell = "bash" | "zsh" | "fish";

/** A script for a shell: commands, their flags and the words a flag takes; everything else is completed as a file. */
export const scripts: Readonly<Record<Shell, (commands: readonly CommandWords[]) => string>> = {
  bash: (commands) => `_gw() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${chooseCommand}
  done
  case "$command $previous" in
${eachChoice(commands, (name, { long, choices }) => `    "${name} ${long}") words="${choices.join(" ")}" ;;`)}
    *) case "$command" in
      "") words="${[...commands.map(({ name }) => name), ...groups].join(" ")}" ;;
${commands.map(({ name, flags }) => `      ${name}) [[ $current == -* ]] && words="${longs(flags)}" ;;`).join("\n")}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _gw gw
`,
  zsh: (commands) => `#compdef gw
_gw() {
  local command="" word previous="\${words[CURRENT-1]}"
  for word in "\${(@)words[2,CURRENT-1]}"; do
${chooseCommand}
  done
  case "$command $previous" in
${eachChoice(commands, (name, { long, choices }) => `    "${name} ${long}") compadd -- ${choices.join(" ")}; return ;;`)}
  esac
  case "$command" in
    "") compadd -- ${[...commands.map(({ name }) => name), ...groups].join(" ")}; return ;;
${commands.map(({ name, flags }) => `    ${name}) [[ $PREFIX == -* ]] && { compadd -- ${longs(flags)}; return } ;;`).join("\n")}
  esac
  _files
}
(( $+functions[compdef] )) && compdef _gw gw
`,
  fish: (commands) =>
    commands
      .flatMap(({ name, summary, flags }) => [
        `complete -c gw -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
        ...flags.map((flag) => `complete -c gw -n '__fish_seen_subcommand_from ${name}' ${fishFlag(flag)}`),
      ])
      .join("\n")
      .concat("\n"),
};

const chooseCommand = `    case "$word" in
      ${groups.join("|")}|-*) ;;
      *) command="$word"; break ;;
    esac`;

function eachChoice(commands: readonly CommandWords[], print: (name: string, flag: Flag) => string): string {
  return commands
    .flatMap(({ name, flags }) => flags.filter(({ choices }) => choices.length > 0).map((flag) => print(name, flag)))
    .join("\n");
}

function longs(flags: readonly Flag[]): string {
  return flags.map(({ long }) => long).join(" ");
}

function fishFlag({ long, short, summary, takesValue, choices }: Flag): string {
  return [
    `-l ${long.slice(2)}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(choices.length > 0 ? [`-x -a ${quote(choices.join(" "))}`] : takesValue ? ["-r"] : []),
    `-d ${quote(summary)}`,
  ].join(" ");
}

/** For fish: in single quotes only backslash and the quote itself mean something. */
function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`;
}
