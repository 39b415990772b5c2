/**
 * The scripts that join a shell to `caravan __complete <word>…`, whose last word is the one the cursor stands in. It
 * answers with a line for each candidate, its description behind a tab, and a line `:files` or `:folders` where the shell
 * itself knows better. It is asked by the name that stands on the line, so that a caravan that is called by its path
 * completes with itself.
 */
export type Shell = 'bash' | 'zsh' | 'fish'

export const scriptFor = (shell: Shell): string => scripts[shell]

// Bash 3.2, as macOS has it, knows neither compopt nor negative indexes.
const bash = String.raw`# Completion of caravan for bash, made by "caravan completion bash".
_caravan() {
  local program="$1" words=() n=-1 i piece line files='' cur last prefix=''
  [[ -n $program ]] || program="${'$'}{COMP_WORDS[0]}"
  program="${'$'}{program/#\~\//$HOME/}"
  COMPREPLY=()
  # Bash takes words apart at ":" and "="; here they are put together again.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    piece="${'$'}{COMP_WORDS[i]}"
    if [[ $n -ge 0 && -n $piece && ($piece == [:=] || ${'$'}{words[n]} == *[:=]) ]]; then
      words[n]+="$piece"
    else
      n=$((n + 1))
      words[n]="$piece"
    fi
  done
  cur="${'$'}{words[n]}"
  last="${'$'}{COMP_WORDS[COMP_CWORD]}"
  if [[ $cur != "$last" ]]; then
    if [[ $last == [:=] ]]; then prefix="$cur"; else prefix="${'$'}{cur%"$last"}"; fi
  fi
  while IFS= read -r line; do
    case "$line" in
      :*) files="${'$'}{line#:}" ;;
      *)
        line="${'$'}{line%%$'\t'*}"
        COMPREPLY+=("${'$'}{line#"$prefix"}")
        # A value follows at once.
        [[ $line == *= ]] && compopt -o nospace 2>/dev/null
        ;;
    esac
  done < <("$program" __complete "${'$'}{words[@]}" 2>/dev/null)
  cur="${'$'}{cur#"$prefix"}"
  case "$files" in
    files)
      compopt -o default 2>/dev/null ||
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
      ;;
    folders)
      compopt -o dirnames 2>/dev/null ||
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$cur")
      ;;
  esac
}
# The newest run comes first; Bash before 4.4 sorts.
complete -o nosort -F _caravan caravan 2>/dev/null || complete -F _caravan caravan
`

const zsh = String.raw`#compdef caravan
# Completion of caravan for zsh, made by "caravan completion zsh".
_caravan() {
  local line value files=''
  local -a before found
  before=("${'$'}{(@Q)words[2,CURRENT]}")
  before[-1]="$PREFIX"
  while IFS= read -r line; do
    case "$line" in
      :*) files="${'$'}{line#:}" ;;
      *$'\t'*)
        value="${'$'}{line%%$'\t'*}"
        found+=("${'$'}{value//:/\\:}:${'$'}{line#*$'\t'}")
        ;;
      ?*) found+=("${'$'}{line//:/\\:}") ;;
    esac
  done < <("${'$'}{(Q)words[1]}" __complete "${'$'}{(@)before}" 2>/dev/null)
  if [[ -n $files ]]; then
    compset -P '--*='
    if [[ $files == folders ]]; then _files -/; else _files; fi
    return
  fi
  _describe -V 'caravan' found
}
# The first call of an autoloaded file is a request for completion, a sourced one is not.
if [[ "${'$'}{funcstack[1]}" == _caravan ]]; then _caravan "$@"; else compdef _caravan caravan; fi
`

const fish = String.raw`# Completion of caravan for fish, made by "caravan completion fish".
function __caravan_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l prefix (string match -r '^--[^=]+=' -- "$current")
    set -l path (string replace -r '^--[^=]+=' '' -- "$current")
    for line in ($program __complete $words "$current" 2>/dev/null)
        switch "$line"
            case ':files'
                for found in (__fish_complete_path "$path")
                    printf '%s%s\n' "$prefix" $found
                end
            case ':folders'
                for found in (__fish_complete_directories "$path" '')
                    printf '%s%s\n' "$prefix" $found
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c caravan -f -k -a '(__caravan_complete)'
`

const scripts: Record<Shell, string> = { bash, zsh, fish }
