// Small programs in place of those that need a second machine or systemd. They do what the guides use of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/netns/command.ts";

export const UNIT = join(ROOT, "deploy/tandem.service");

/** The command of the unit, without the program. */
export function unitCommand(): string {
  const line = /^ExecStart=\/usr\/local\/bin\/tandem (.*)$/m.exec(readFileSync(UNIT, "utf8"))?.[1];
  if (line === undefined) throw new Error("the unit starts no /usr/local/bin/tandem");
  return line;
}

/** The installed command, or the one of the source; the machine's name stands in for its host name. */
export function tandem(name: string, folder: string): string {
  return `#!/bin/bash
program="${folder}/usr/local/bin/tandem"
[ -e "$program" ] || program="${ROOT}/bin/tandem.mjs"
args=("$@")
[ "$1" = serve ] || [ "$1" = doctor ] && args+=(--server "${name}")
exec "$program" "\${args[@]}"
`;
}

/** Starts, stops and kills the one service; a start has ended when the control socket is there or the server is not.
 * A server does not outlive the test. */
export function systemctl(folder: string, command: string): string {
  return `#!/bin/bash
pidfile="${folder}/pid"
running() { [ -e "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null; }
gone() { for _ in $(seq 600); do running || return 0; sleep 0.05; done; echo "does not end"; return 1; }
watch='while sleep 1 && kill -0 "$0"; do kill -0 ${process.pid} || kill -KILL "$0"; done'
start() {
  running && return 0
  rm -f "${folder}/run/tandem/control.sock"
  : >"${folder}/journal"
  setsid "${folder}/bin/tandem" ${command.replaceAll("/etc/tandem", `${folder}/etc/tandem`)} \\
    >>"${folder}/journal" 2>&1 </dev/null &
  echo $! >"$pidfile"
  setsid bash -c "$watch" $! >/dev/null 2>&1 </dev/null &
  for _ in $(seq 400); do
    { running && [ ! -S "${folder}/run/tandem/control.sock" ]; } || return 0
    sleep 0.05
  done
}
stop() { running || return 0; kill -TERM "$(cat "$pidfile")"; gone; }
case "$1" in
  daemon-reload) test -s "${folder}/etc/systemd/system/tandem.service" ;;
  enable | start) start ;;
  stop) stop ;;
  restart) stop && start ;;
  kill) if running; then kill -s "\${2#--signal=}" "$(cat "$pidfile")"; gone; fi ;;
  *) echo "the stand-in does not know systemctl $*"; exit 1 ;;
esac
`;
}

/** Copies to \`HOST:/etc/tandem/\`. */
export function scp(root: string, from: string): string {
  return `#!/bin/bash
to="\${!#}"
host="\${to%%:*}"
path="\${to#*:}"
cp -p "\${@:1:$#-1}" "${root}/$host/\${path#${root}/${from}/}"
`;
}
