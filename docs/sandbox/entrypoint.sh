#!/bin/sh
# Runs the command that it is given (the editor) with the dev server of the workspace beside it, and ends both in their order.
workspace=${CHEATCODE_WORKSPACE:-/workspace}
vsix=${CHEATCODE_VSIX:-/opt/cheatcode/cheatcode-dev-server.vsix}
editor=
signal=

# The editor first: a window that lives would bring back what is shut down.
end() {
  signal=$1
  [ -z "$editor" ] || kill -s TERM "$editor" 2>/dev/null
}
trap 'end 143' TERM
trap 'end 130' INT
trap 'end 129' HUP

# Beside the editor, which need not wait for it: whoever comes first, there is one server.
{
  cheatcode-dev ensure --workspace "$workspace" --no-wait >/dev/null ||
    echo "cheatcode: the dev server was not started: exit code $?" >&2
} &
ensure=$!

# A home on a volume hides what the image has installed there. A version that is there stays, unless this one is newer.
if [ -f "$vsix" ]; then
  code-server --install-extension "$vsix" >/dev/null || echo "cheatcode: the extension was not installed" >&2
fi

status=0
if [ -z "$signal" ]; then
  "$@" &
  editor=$!
  [ -z "$signal" ] || kill -s TERM "$editor"
  # A signal ends the waiting, not the editor.
  while
    wait "$editor"
    status=$?
    kill -s 0 "$editor" 2>/dev/null
  do :; done
fi

# Not by the end of the container alone: it takes the server's own time, and tells other machines.
wait "$ensure"
cheatcode-dev shutdown --workspace "$workspace" >/dev/null 2>&1
exit "${signal:-$status}"
