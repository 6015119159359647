#!/usr/bin/env bash
# Restarts every service of this host, callees before callers. `--help` says how.
# Made by `homelab build` from platform.toml: change that, not this.
set -u -o pipefail
export LC_ALL=C

table() {
  # Hosts: name, what `hostname` says on them, addresses
  host dietpi dietpi 192.168.1.70
  host mini mini 192.168.1.71
  host studio studio 192.168.1.72
  # Services, in the order of restarts: name, host, what starts it, units, seconds it may take
  service ov-llm-server mini systemd ov-server 300
  service searxng mini systemd searxng 90
  service mlx studio launchd com.bebop.mlx-launch 600
  service litellm-orch mini systemd litellm-orch 90
  service open-webui mini systemd open-webui 180
  service optillm-proxy mini systemd optillm-proxy 90
  service ollama mini systemd ollama 300
}

# ------------------------------------------------------ for people

bold='' red='' green='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\033[1m' red=$'\033[31m' green=$'\033[32m' dim=$'\033[2m' plain=$'\033[0m'
fi

say() { printf '%s\n' "$*"; }

# Wrong use, or a world in which we cannot begin.
stop() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

# ------------------------------------------------------- the hosts

hosts=0
host() {
  host_name[hosts]=$1 host_names[hosts]=$2 host_addresses[hosts]=$3
  hosts=$((hosts + 1))
}

# Stops unless the name is that of a host.
known_host() {
  local i=0
  while [ "$i" -lt "$hosts" ]; do
    [ "${host_name[i]}" != "$1" ] || return 0
    i=$((i + 1))
  done
  stop "no host is called \`$1\`; there are: ${host_name[*]}"
}

# Prints which host of the platform this machine is: by its name, else by its addresses.
this_host() {
  local name own i address
  name=$( (hostname -s || hostname) 2>/dev/null | tr '[:upper:]' '[:lower:]')
  i=0
  while [ "$i" -lt "$hosts" ]; do
    case " ${host_names[i]} " in
      *" ${name:-?} "*) say "${host_name[i]}" && return 0 ;;
    esac
    i=$((i + 1))
  done
  own=$( (ip -o addr || ifconfig) 2>/dev/null | tr -s '[:space:]/%' ' ')
  i=0
  while [ "$i" -lt "$hosts" ]; do
    for address in ${host_addresses[i]}; do
      case " $own " in
        *" $address "*) say "${host_name[i]}" && return 0 ;;
      esac
    done
    i=$((i + 1))
  done
  return 1
}

# ------------------------------------------------ where we work

# Settles which host we work on; we touch no other one than the one we are on.
choose_host() {
  local mine
  mine=$(this_host) || mine=''
  if [ -z "$HOST" ]; then
    HOST=$mine
    [ -n "$HOST" ] || stop "which host this is cannot be told from its name or addresses; name it: ${host_name[*]}"
  fi
  known_host "$HOST"
  if [ -n "$mine" ] && [ "$mine" != "$HOST" ] && [ -z "${ANYWHERE:-}" ]; then
    stop "this is $mine; run me on $HOST"
  fi
}

# The folder of this script, where its sisters are.
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 2

# ---------------------------------------------------- as root

# What needs root asks for it here and nowhere else.
as_root() {
  if [ -n "${ROOT:-}" ] || [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

# Docker Compose, by the file that install.sh puts on the host.
compose() {
  as_root docker compose --file /etc/homelab/docker-compose.yml "$@"
}

# -------------------------------------------- starting and waiting

services=0
service() {
  service_name[services]=$1 service_host[services]=$2 service_manager[services]=$3
  service_units[services]=$4 service_seconds[services]=$5
  services=$((services + 1))
}

# True when every process of the service is up.
is_up() {
  local unit
  for unit in ${service_units[$1]}; do
    case ${service_manager[$1]} in
      systemd | quadlet) systemctl is-active --quiet -- "$unit.service" || return 1 ;;
      launchd) launchctl print "system/$unit" 2>/dev/null | grep -q 'state = running' || return 1 ;;
      compose) compose ps --services --status running 2>/dev/null | grep -Fqx -- "$unit" || return 1 ;;
    esac
  done
}

restart_one() {
  local unit
  for unit in ${service_units[$1]}; do
    case ${service_manager[$1]} in
      systemd | quadlet) as_root systemctl restart -- "$unit.service" || return 1 ;;
      launchd) as_root launchctl kickstart -k "system/$unit" || return 1 ;;
      # Named, it is started whatever its profile; what it needs is restarted by itself.
      compose) compose up --detach --no-deps --force-recreate -- "$unit" || return 1 ;;
    esac
  done
}

healthcheck() {
  "$BASH" "$here/healthcheck.sh" --host "$HOST" "$@"
}

# Waits until the service is well, for as long as it may take to start.
wait_for() {
  local begun=$SECONDS end=$((SECONDS + ${service_seconds[$1]}))
  until is_up "$1" && healthcheck --only "${service_name[$1]}" --quiet; do
    if [ "$SECONDS" -ge "$end" ]; then
      say "  ${red}sick${plain}  ${service_name[$1]} is not well after ${service_seconds[$1]} s"
      healthcheck --only "${service_name[$1]}" | sed -n 's/^  *\(SICK\|      \)/        \1/p'
      return 1
    fi
    sleep 0.5
  done
  say "  ${green}well${plain}  ${service_name[$1]}, after $((SECONDS - begun)) s"
}

usage() {
  cat <<'END'
Restarts every service of this host: callees before
callers, each one well before the next, and then looks
whether all is well.

  restart-all.sh [--dry-run] [HOST]

HOST is told by this machine's name and addresses; name
it where that fails. Restarting needs root: it is asked
for with sudo, for that alone.

  --dry-run   only say what would be restarted
  --help      this text

Exit code: 0 all is well, 1 something is sick, 2 wrong use.
END
}

# ------------------------------------------------------------ main

options() {
  HOST='' DRY_RUN=''
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) DRY_RUN=1 ANYWHERE=1 ;;
      -h | --help) usage && exit 0 ;;
      -*) stop "there is no option \`$1\`; see --help" ;;
      *)
        [ -z "$HOST" ] || stop "one host at a time"
        HOST=$1
        ;;
    esac
    shift
  done
}

# Restarts one service and waits for it.
renew() {
  local name=${service_name[$1]}
  if [ "${service_manager[$1]}" = hand ]; then
    say "  ${dim}hand${plain}  $name: nothing here starts it; restart it yourself"
  elif [ -n "$DRY_RUN" ]; then
    say "  would restart $name (${service_units[$1]})"
  else
    say "${bold}$name${plain}"
    restart_one "$1" && wait_for "$1"
  fi
}

main() {
  local i=0 failed=''
  options "$@"
  table
  choose_host
  while [ "$i" -lt "$services" ]; do
    if [ "${service_host[i]}" = "$HOST" ]; then
      renew "$i" || failed="$failed ${service_name[i]}"
    fi
    i=$((i + 1))
  done
  [ -z "$DRY_RUN" ] || return 0
  [ -z "$failed" ] || say "${red}did not come back:${plain}$failed"
  say
  healthcheck || return 1
  [ -z "$failed" ]
}

main "$@"
exit $?
