import { commands, optionsOf, options, type CommandName, type CommandSpec, type OptionSpec } from './commands';

const PROGRAM = 'cheatcode-dev';
/** Types are good names everywhere; the names of apps are the workspace's, and no script asks for them. */
const APP_WORDS = ['web', 'mobile'];

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
  return optionsOf(name).flatMap((option) => {
    const { short }: OptionSpec = options[option];
    return [`--${option}`, ...(short ? [`-${short}`] : [])];
  });
}

function bash(): string {
  const cases = names.map((name) => `    ${name}) words='${[...wordsAfter(name), ...flagsOf(name)].join(' ')}' ;;`);
  return `# bash completion of ${PROGRAM}: eval "$(${PROGRAM} completion bash)"
_cheatcode_dev() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  if [[ $previous == --workspace ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
    return
  fi
  case $command in
    '') words='${[...names, '--help', '--version'].join(' ')}' ;;
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _cheatcode_dev ${PROGRAM}
`;
}

function zsh(): string {
  const cases = names.map((name) => {
    const rest = optionsOf(name).map((option) => {
      const { type, value, summary }: OptionSpec = options[option];
      const action =
        option === 'workspace' ? ':folder:_files -/' : type === 'string' ? `:${value?.toLowerCase()}:` : '';
      return `'--${option}[${zshText(summary)}]${action}'`;
    });
    const words = wordsAfter(name);
    const first = words.length > 0 ? [`'2:${words === APP_WORDS ? 'app' : 'shell'}:(${words.join(' ')})'`] : [];
    return `    ${name}) _arguments ${[...first, ...rest].join(' ')} ;;`;
  });
  const described = names.map((name) => `    '${name}:${zshText(commands[name].summary)}'`);
  return `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}: source <(${PROGRAM} completion zsh)
_cheatcode_dev() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join('\n')}
  esac
}
compdef _cheatcode_dev ${PROGRAM}
`;
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
      ...optionsOf(name).map((option) => {
        const { short, type, summary }: OptionSpec = options[option];
        const value = option === 'workspace' ? ' -r -F' : type === 'string' ? ' -x' : '';
        return `complete -c ${PROGRAM} -n '${after}' -l ${option}${short ? ` -s ${short}` : ''}${value} -d '${fishText(summary)}'`;
      }),
    ];
  });
  return `# fish completion of ${PROGRAM}: ${PROGRAM} completion fish | source
complete -c ${PROGRAM} -f
${lines.join('\n')}
`;
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
