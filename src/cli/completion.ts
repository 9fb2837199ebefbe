import { APP_TYPE_NAMES, goesByOwnName } from '../sessions/appTypes';
import {
  commands,
  globalOptions,
  optionsOf,
  options,
  type CommandName,
  type CommandSpec,
  type OptionName,
  type OptionSpec,
} from './commands';

const PROGRAM = 'cheatcode-dev';
/** Types are good names everywhere; the names of apps are the workspace's, and no script asks for them. */
const APP_WORDS = APP_TYPE_NAMES.filter((type) => !goesByOwnName(type));

/** The completion script for a shell: to be read by it at its start. */
export function completionScript(shell: string): string {
  switch (shell) {
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
    default:
      return bash();
  }
}

const names = Object.keys(commands) as CommandName[];

function wordsAfter(name: CommandName): readonly string[] {
  const spec: CommandSpec = commands[name];
  return spec.words ?? (spec.takesApp ? APP_WORDS : []);
}

function flagsOf(name: CommandName): readonly string[] {
  return optionsOf(name).flatMap(spellings);
}

function spellings(option: OptionName): readonly string[] {
  const { short }: OptionSpec = options[option];
  return [`--${option}`, ...(short ? [`-${short}`] : [])];
}

/** Options that take the next word. */
const valued = (Object.keys(options) as OptionName[]).filter((option) => options[option].type === 'string');

function bash(): string {
  const cases = names.map((name) => `    ${name}) words='${[...wordsAfter(name), ...flagsOf(name)].join(' ')}' ;;`);
  const values = valued.flatMap(spellings).join('|');
  return `# bash completion of ${PROGRAM}: eval "$(${PROGRAM} completion bash)"
_cheatcode_dev() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= words= word is_value=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $is_value ]]; then is_value=; continue; fi
    case $word in ${values}) is_value=1 ;; -*) ;; *) command=$word; break ;; esac
  done
  case $previous in
    --workspace) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    ${values}) COMPREPLY=(); return ;;
  esac
  case $command in
    '') words='${[...names, ...globalOptions.flatMap(spellings)].join(' ')}' ;;
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _cheatcode_dev ${PROGRAM}
`;
}

function zsh(): string {
  const cases = names.map((name) => {
    const words = wordsAfter(name);
    const first = words.length > 0 ? [`'1:${words === APP_WORDS ? 'app' : 'shell'}:(${words.join(' ')})'`] : [];
    return `        ${name}) _arguments ${[...first, ...optionsOf(name).map(zshOption)].join(' ')} ;;`;
  });
  const described = names.map((name) => `    '${name}:${zshText(commands[name].summary)}'`);
  // As a file of $fpath it is read by the first completion, and has to answer it.
  return `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}: source <(${PROGRAM} completion zsh)
_cheatcode_dev() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands=(
${described.join('\n')}
  )
  _arguments -C ${globalOptions.map(zshOption).join(' ')} '1:command:->command' '*::argument:->arguments' && return
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if (( \${+compstate} )); then _cheatcode_dev "$@"; else compdef _cheatcode_dev ${PROGRAM}; fi
`;
}

function zshOption(option: OptionName): string {
  const { short, type, value, summary }: OptionSpec = options[option];
  const action = option === 'workspace' ? ':folder:_files -/' : type === 'string' ? `:${value?.toLowerCase()}:` : '';
  const said = `[${zshText(summary)}]${action}'`;
  const [long, brief] = type === 'string' ? [`--${option}=`, `-${short}+`] : [`--${option}`, `-${short}`];
  return short ? `'(-${short} --${option})'{${brief},${long}}'${said}` : `'${long}${said}`;
}

/** In single quotes, inside brackets. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, (char) => `\\${char}`);
}

function fish(): string {
  const none = `not __fish_seen_subcommand_from ${names.join(' ')}`;
  const lines = names.flatMap((name) => {
    const after = `__fish_seen_subcommand_from ${name}`;
    const words = wordsAfter(name);
    return [
      `complete -c ${PROGRAM} -n '${none}' -a ${name} -d '${fishText(commands[name].summary)}'`,
      ...(words.length > 0 ? [`complete -c ${PROGRAM} -n '${after}' -a '${words.join(' ')}'`] : []),
      ...optionsOf(name).map((option) => fishOption(option, after)),
    ];
  });
  return `# fish completion of ${PROGRAM}: ${PROGRAM} completion fish | source
complete -c ${PROGRAM} -f
${[...globalOptions.map((option) => fishOption(option, none)), ...lines].join('\n')}
`;
}

function fishOption(option: OptionName, when: string): string {
  const { short, type, summary }: OptionSpec = options[option];
  const value = option === 'workspace' ? " -x -a '(__fish_complete_directories)'" : type === 'string' ? ' -x' : '';
  return `complete -c ${PROGRAM} -n '${when}' -l ${option}${short ? ` -s ${short}` : ''}${value} -d '${fishText(summary)}'`;
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
