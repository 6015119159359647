#!/usr/bin/env bash
# Puts what was built in its place on this host. `--help` says how.
# Made by `homelab build` from platform.toml: change that, not this.
set -u -o pipefail
export LC_ALL=C
umask 022

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
  # Files: host, file here, path there, owner, group, mode, plain or seed or daemon, services to restart
  file mini mcp/registry.json /etc/homelab-llm/mcp-registry.json root root 644 plain ''
  file mini env/mini/ov-llm-server.env /etc/homelab-llm/ov-server.env christopherbailey christopherbailey 600 seed ov-llm-server
  file mini env/mini/tiny-agents.env /etc/homelab-llm/tiny-agents.env christopherbailey christopherbailey 600 seed tiny-agents
  file mini env/mini/open-webui.env /etc/open-webui/env christopherbailey christopherbailey 600 seed open-webui
  file mini env/mini/optillm-proxy.env /etc/optillm-proxy/env christopherbailey christopherbailey 600 seed optillm-proxy
  file mini env/mini/searxng.env /etc/searxng/env christopherbailey christopherbailey 600 seed searxng
  file mini config/searxng/settings.yml /etc/searxng/settings.yml christopherbailey christopherbailey 644 plain searxng
  file mini systemd/mini/litellm-orch.service /etc/systemd/system/litellm-orch.service root root 644 plain litellm-orch
  file mini systemd/mini/ollama.service.d/homelab.conf /etc/systemd/system/ollama.service.d/homelab.conf root root 644 plain ollama
  file mini systemd/mini/open-webui.service /etc/systemd/system/open-webui.service root root 644 plain open-webui
  file mini systemd/mini/optillm-proxy.service /etc/systemd/system/optillm-proxy.service root root 644 plain optillm-proxy
  file mini systemd/mini/ov-server.service /etc/systemd/system/ov-server.service root root 644 plain ov-llm-server
  file mini systemd/mini/searxng.service /etc/systemd/system/searxng.service root root 644 plain searxng
  file mini config/optillm-proxy/proxy_config.yaml /home/christopherbailey/.optillm/proxy_config.yaml christopherbailey christopherbailey 644 plain optillm-proxy
  file mini env/mini/litellm-orch.env /home/christopherbailey/homelab-llm/layer-gateway/litellm-orch/config/env.local christopherbailey christopherbailey 600 seed litellm-orch
  file mini litellm/router.yaml /home/christopherbailey/homelab-llm/layer-gateway/litellm-orch/config/router.yaml christopherbailey christopherbailey 644 plain litellm-orch
  file mini env/mini/start-litellm-orch /usr/local/lib/homelab/start/litellm-orch root root 755 plain litellm-orch
  file mini env/mini/start-open-webui /usr/local/lib/homelab/start/open-webui root root 755 plain open-webui
  file mini env/mini/start-optillm-proxy /usr/local/lib/homelab/start/optillm-proxy root root 755 plain optillm-proxy
  file mini env/mini/start-ov-llm-server /usr/local/lib/homelab/start/ov-llm-server root root 755 plain ov-llm-server
  file mini env/mini/start-searxng /usr/local/lib/homelab/start/searxng root root 755 plain searxng
  file studio launchd/studio/com.bebop.mlx-launch.plist /Library/LaunchDaemons/com.bebop.mlx-launch.plist root wheel 644 plain mlx
  file studio launchd/studio/homelab-llm.logs.rotate.plist /Library/LaunchDaemons/homelab-llm.logs.rotate.plist root wheel 644 daemon ''
  file studio launchd/studio/homelab-llm.optillm-local-balanced.plist /Library/LaunchDaemons/homelab-llm.optillm-local-balanced.plist root wheel 644 plain ''
  file studio launchd/studio/homelab-llm.optillm-local-high.plist /Library/LaunchDaemons/homelab-llm.optillm-local-high.plist root wheel 644 plain ''
  file studio launchd/studio/logs/mlx.txt /Library/Logs/homelab/mlx.log thestudio staff 640 seed ''
  file studio launchd/studio/logs/optillm-local-balanced.txt /Library/Logs/homelab/optillm-local-balanced.log thestudio staff 640 seed ''
  file studio launchd/studio/logs/optillm-local-high.txt /Library/Logs/homelab/optillm-local-high.log thestudio staff 640 seed ''
  file studio launchd/studio/rotate-logs /usr/local/lib/homelab/rotate-logs root wheel 755 plain ''
  file studio env/studio/start-mlx /usr/local/lib/homelab/start/mlx root wheel 755 plain mlx
  file studio env/studio/start-optillm-local-balanced /usr/local/lib/homelab/start/optillm-local-balanced root wheel 755 plain ''
  file studio env/studio/start-optillm-local-high /usr/local/lib/homelab/start/optillm-local-high root wheel 755 plain ''
  # Needs: host, env file, its service, variables that somebody must fill in
  needs mini /home/christopherbailey/homelab-llm/layer-gateway/litellm-orch/config/env.local litellm-orch 'LITELLM_PROXY_KEY OPTILLM_API_KEY'
  needs mini /etc/open-webui/env open-webui 'OPENAI_API_KEY PERPLEXITY_API_KEY WEBUI_SECRET_KEY'
  needs mini /etc/optillm-proxy/env optillm-proxy 'LITELLM_PROXY_KEY OPTILLM_PROXY_KEY'
  needs mini /etc/searxng/env searxng SEARXNG_SECRET
  needs mini /etc/homelab-llm/tiny-agents.env tiny-agents LITELLM_API_KEY
  return 0
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
Puts what was built in its place on this host.

  install.sh [OPTION]... [HOST]

Shows the difference to what is installed, backs up what
it replaces, puts files in place with owner and mode, and
restarts only the services whose files changed. When one
of them does not get well in time, everything is put back
as it was. Env files are put where none is, and never
overwritten.

HOST is told by this machine's name and addresses; name
it where that fails. Root is asked for with sudo, for
what needs it alone.

  --dry-run     only show what would change
  --yes         do not ask (nobody is asked without a
                terminal)
  --restart S   restart service S too, changed or not
  --backup DIR  where backups go (/var/backups/homelab)
  --root DIR    install below DIR, for images and tests:
                owners stay, nothing is restarted
  --with-init   with --root: reload and restart all the
                same, by the systemctl or launchctl of
                the PATH
  --help        this text

Exit code: 0 all is in place and well, 1 something is not
(it says what), 2 wrong use.
END
}

# ------------------------------------------------------- the files

files=0
file() {
  [ "$1" = "$HOST" ] || return 0
  file_source[files]=$here/../$2 file_path[files]=$3 file_owner[files]=$4 file_group[files]=$5
  file_mode[files]=$6 file_how[files]=$7 file_restart[files]=$8
  files=$((files + 1))
}

needed=0
needs() {
  [ "$1" = "$HOST" ] || return 0
  need_path[needed]=$2 need_service[needed]=$3 need_names[needed]=$4
  needed=$((needed + 1))
}

exists() { as_root test -e "$1" || as_root test -L "$1"; }

# Prints octal mode and owner of a file: GNU first, BSD else.
mode_of() { as_root stat -c '%a' "$1" 2>/dev/null || as_root stat -f '%Lp' "$1"; }
owner_of() { as_root stat -c '%U:%G' "$1" 2>/dev/null || as_root stat -f '%Su:%Sg' "$1"; }

# Finds what differs: `news` and `changes` list places in the table.
compare() {
  local i=0 path
  news='' changes='' kept=0
  while [ "$i" -lt "$files" ]; do
    path=$ROOT${file_path[i]}
    [ -f "${file_source[i]}" ] || stop "${file_source[i]} is missing: run \`homelab build\` first"
    if as_root test -d "$path"; then
      stop "$path is a folder, and a file should be there"
    elif ! exists "$path"; then
      news="$news $i"
    elif [ "${file_how[i]}" = seed ]; then
      kept=$((kept + 1))
    elif ! is_same "$i"; then
      changes="$changes $i"
    fi
    i=$((i + 1))
  done
}

is_same() {
  local path=$ROOT${file_path[$1]}
  as_root cmp -s "${file_source[$1]}" "$path" || return 1
  [ "$(mode_of "$path")" = "${file_mode[$1]}" ] || return 1
  [ -n "$ROOT" ] || [ "$(owner_of "$path")" = "${file_owner[$1]}:${file_group[$1]}" ]
}

show() {
  local i
  for i in $changes; do
    say "${bold}change${plain}  $ROOT${file_path[i]}"
    show_change "$i"
  done
  for i in $news; do
    say "${bold}new${plain}     $ROOT${file_path[i]} ($(grep -c '' "${file_source[i]}") lines)"
  done
}

show_change() {
  local path=$ROOT${file_path[$1]}
  if as_root cmp -s "${file_source[$1]}" "$path"; then
    say "        mode and owner: $(mode_of "$path") $(owner_of "$path") -> ${file_mode[$1]} ${file_owner[$1]}:${file_group[$1]}"
    return
  fi
  case ${file_mode[$1]} in
    # It may hold secrets, and so may what it replaces.
    *00) say "        not shown: it is for its owner's eyes" ;;
    # Without controls: what lies there may not speak to the terminal.
    *) as_root diff -u "$path" "${file_source[$1]}" | tail -n +3 | tr -d '\000-\010\013-\037\177' |
      sed -e "s/^-.*/$red&$plain/" -e "s/^+.*/$green&$plain/" ;;
  esac
}

# ---------------------------------------------------- filled in or not

# Says which variables an env file lacks, by name alone, and fails when it lacks one. The services that lack one are then in `waiting`.
check_needs() {
  local i=0 name path
  waiting=' '
  while [ "$i" -lt "$needed" ]; do
    path=$ROOT${need_path[i]}
    for name in ${need_names[i]}; do
      if ! is_filled "$path" "$name"; then
        say "  ${red}fill in${plain} $name in $path, for ${need_service[i]}"
        waiting="$waiting${need_service[i]} "
      fi
    done
    i=$((i + 1))
  done
  [ "$waiting" = ' ' ]
}

is_filled() {
  as_root grep -Eqs "^[[:space:]]*(export[[:space:]]+)?$2=[\"']?[^\"'[:space:]]" "$1"
}

# ------------------------------------------------- backup and place

# Copies with mode and owner, and at no moment readable by more people than the original.
copy() { (umask 077 && as_root cp -p "$1" "$2"); }

make_backup() {
  local base=$BACKUP i n=1
  BACKUP=$base/$(date -u +%Y%m%dT%H%M%SZ)
  while exists "$BACKUP"; do
    n=$((n + 1))
    BACKUP=${BACKUP%-*}-$n
  done
  as_root mkdir -p "$base" && as_root mkdir -m 700 "$BACKUP" || return 1
  for i in $changes; do
    as_root mkdir -p "$BACKUP${file_path[i]%/*}" && copy "$ROOT${file_path[i]}" "$BACKUP${file_path[i]}" || return 1
  done
}

place_all() {
  local i
  for i in $news $changes; do
    make_folders "${file_path[i]%/*}" || return 1
    # Said before it is done: a signal in between must not lose it.
    placed="$placed $i"
    place "$i" || return 1
  done
}

# Puts a file in place in one step: whoever reads it sees the old one or the new one.
place() {
  local path=$ROOT${file_path[$1]} temp
  temp=${path%/*}/.homelab.$$
  if as_root cp "${file_source[$1]}" "$temp" && as_root chmod "${file_mode[$1]}" "$temp" &&
    own "$temp" "${file_owner[$1]}:${file_group[$1]}" && as_root mv -f "$temp" "$path"; then
    return 0
  fi
  as_root rm -f "$temp"
  return 1
}

own() { [ -n "$ROOT" ] || as_root chown "$2" "$1"; }

# Makes a folder that is not there, and those above; each belongs to whom the one above it belongs.
made=0
make_folders() {
  local folder=$1
  [ -n "$folder" ] || return 0
  as_root test -d "$ROOT$folder" && return 0
  make_folders "${folder%/*}" || return 1
  as_root mkdir -m 755 "$ROOT$folder" && own "$ROOT$folder" "$(owner_of "$ROOT${folder%/*}/")" || return 1
  made_folder[made]=$ROOT$folder
  made=$((made + 1))
}

# ------------------------------------------------------ take effect

# True when a changed or new file is where init systems look.
in_place_of() {
  local i
  for i in $placed; do
    case ${file_path[i]} in
      "$1"*) return 0 ;;
    esac
  done
  return 1
}

# True when this file is new.
is_new() {
  local i
  for i in $news; do
    [ "${file_path[i]}" != "$1" ] || return 0
  done
  return 1
}

# True when the file that starts a service of this host is new.
is_new_unit() {
  [ "${service_host[$1]}" = "$HOST" ] && is_new "$(unit_file "${service_manager[$1]}" "$2")"
}

unit_file() {
  case $1 in
    systemd) say "/etc/systemd/system/$2.service" ;;
    quadlet) say "/etc/containers/systemd/$2.container" ;;
    launchd) say "/Library/LaunchDaemons/$2.plist" ;;
    compose) say /etc/homelab/docker-compose.yml ;;
  esac
}

reload() {
  in_place_of /etc/systemd/system/ || in_place_of /etc/containers/systemd/ || return 0
  as_root systemctl daemon-reload
}

# Has new units started with the machine, also those that wait for a value.
enable_units() {
  local i=0 unit
  while [ "$i" -lt "$services" ]; do
    for unit in ${service_units[i]}; do
      if [ "${service_manager[i]}" = systemd ] && is_new_unit "$i" "$unit"; then
        as_root systemctl enable --quiet -- "$unit.service" || return 1
      fi
    done
    i=$((i + 1))
  done
}

# Lists the services to restart, as places in the table: in its order, those that wait for a value left out.
list_affected() {
  local i=0 j names=" $RESTART "
  affected=''
  for j in $news $changes; do
    names="$names${file_restart[j]} "
  done
  while [ "$i" -lt "$services" ]; do
    if [ "${service_host[i]}" = "$HOST" ]; then
      case $names in
        *" ${service_name[i]} "*) affected="$affected $i" ;;
      esac
    fi
    i=$((i + 1))
  done
}

# Restarts one service by the file that starts it.
renew() {
  local unit path
  case ${service_manager[$1]} in
    systemd | quadlet | compose) restart_one "$1" ;;
    launchd)
      for unit in ${service_units[$1]}; do
        path=$(unit_file launchd "$unit")
        if in_place_of "$path"; then
          load "$unit" "$ROOT$path" || return 1
        else
          as_root launchctl kickstart -k "system/$unit" || return 1
        fi
      done
      ;;
  esac
}

# Loads a daemon anew. The old one may still be on its way out: launchd then answers with an I/O error.
load() {
  local tries=0
  as_root launchctl bootout "system/$1" 2>/dev/null
  until as_root launchctl bootstrap system "$2" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || return 1
    sleep 1
  done
}

# Loads the daemons that belong to no service.
load_daemons() {
  local i label
  for i in $placed; do
    [ "${file_how[i]}" = daemon ] || continue
    label=${file_path[i]##*/}
    load "${label%.plist}" "$ROOT${file_path[i]}" || return 1
  done
}

# Restarts what changed; fails at the first one that does not get well.
take_effect() {
  local i
  reload && enable_units && load_daemons || return 1
  for i in $affected; do
    case $waiting in
      *" ${service_name[i]} "*)
        say "  ${dim}later${plain} ${service_name[i]}: once that is filled in, install.sh --restart ${service_name[i]}"
        continue
        ;;
    esac
    if [ "${service_manager[i]}" = hand ]; then
      say "  ${dim}hand${plain}  ${service_name[i]}: restart it yourself"
      continue
    fi
    say "${bold}${service_name[i]}${plain}"
    restarted="$restarted $i"
    renew "$i" && wait_for "$i" || return 1
  done
}

# -------------------------------------------------------- roll back

roll_back() {
  local i trouble=''
  trap '' INT TERM HUP
  say "${red}putting everything back${plain} from $BACKUP"
  retire_new_units
  for i in $placed; do
    put_back "$i" || trouble=1
  done
  while [ "$made" -gt 0 ]; do
    made=$((made - 1))
    as_root rmdir "${made_folder[made]}" || trouble=1
  done
  if [ -n "$INIT" ]; then
    reload || trouble=1
    for i in $restarted; do
      bring_back "$i" || trouble=1
    done
  fi
  if [ -n "$trouble" ]; then
    say "${red}not all of it could be put back${plain}; the old files are in $BACKUP"
  else
    say "everything is as it was"
  fi
}

# Stops what did not exist before, while its unit is still there to stop it by.
retire_new_units() {
  local i unit
  [ -n "$INIT" ] || return 0
  for i in $placed; do
    if [ "${file_how[i]}" = daemon ]; then
      unit=${file_path[i]##*/}
      as_root launchctl bootout "system/${unit%.plist}" 2>/dev/null
    fi
  done
  i=0
  while [ "$i" -lt "$services" ]; do
    for unit in ${service_units[i]}; do
      is_new_unit "$i" "$unit" || continue
      case ${service_manager[i]} in
        systemd) as_root systemctl disable --quiet --now -- "$unit.service" ;;
        # Its unit has no file of its own, and is enabled by being there.
        quadlet) as_root systemctl stop -- "$unit.service" ;;
        launchd) as_root launchctl bootout "system/$unit" 2>/dev/null ;;
        compose) compose rm --stop --force -- "$unit" ;;
      esac
    done
    i=$((i + 1))
  done
}

put_back() {
  local path=$ROOT${file_path[$1]} temp label
  case " $news " in
    *" $1 "*) as_root rm -f "$path" ;;
    *)
      temp=${path%/*}/.homelab.$$
      copy "$BACKUP${file_path[$1]}" "$temp" && as_root mv -f "$temp" "$path" || return 1
      if [ -n "$INIT" ] && [ "${file_how[$1]}" = daemon ]; then
        label=${path##*/}
        load "${label%.plist}" "$path"
      fi
      ;;
  esac
}

# Restarts a service that was there before.
bring_back() {
  local unit
  for unit in ${service_units[$1]}; do
    ! is_new_unit "$1" "$unit" || return 0
  done
  renew "$1" && wait_for "$1"
}

# ------------------------------------------------------------ main

options() {
  HOST='' DRY_RUN='' YES='' ROOT='' BACKUP='' RESTART='' INIT=1 with_init=''
  while [ $# -gt 0 ]; do
    case $1 in
      --root | --backup | --restart)
        [ -n "${2:-}" ] || stop "$1 wants a value"
        ;;
    esac
    case $1 in
      --dry-run) DRY_RUN=1 ;;
      --yes) YES=1 ;;
      --with-init) with_init=1 ;;
      --root) ROOT=$2 && shift ;;
      --backup) BACKUP=$2 && shift ;;
      --restart) RESTART="$RESTART $2" && shift ;;
      -h | --help) usage && exit 0 ;;
      -*) stop "there is no option \`$1\`; see --help" ;;
      *)
        [ -z "$HOST" ] || stop "one host at a time"
        HOST=$1
        ;;
    esac
    shift
  done
  if [ -n "$ROOT" ]; then
    [ -d "$ROOT" ] || stop "there is no folder $ROOT"
    ROOT=$(cd -- "$ROOT" && pwd) && ROOT=${ROOT%/} INIT=$with_init ANYWHERE=1
  fi
  BACKUP=${BACKUP:-$ROOT/var/backups/homelab}
}

# Stops when a user is missing, before anything is touched.
check_owners() {
  local i
  [ -z "$ROOT" ] || return 0
  for i in $news $changes; do
    id -u "${file_owner[i]}" >/dev/null 2>&1 ||
      stop "${file_path[i]} belongs to ${file_owner[i]}, and this host has no such user"
  done
}

confirm() {
  local answer
  if [ -n "$YES" ] || [ ! -t 0 ] || [ ! -t 1 ]; then
    return 0
  fi
  printf 'Put these in place? [y/N] '
  read -r answer
  case $answer in
    y | Y | yes) return 0 ;;
  esac
  say "nothing was touched"
  exit 1
}

put_in_place() {
  placed='' restarted=''
  make_backup || stop "cannot make a backup in $BACKUP; nothing was touched"
  trap 'roll_back; exit 1' INT TERM HUP
  if ! place_all; then
    say "${red}a file could not be put in place${plain}"
    INIT=''
    roll_back
    exit 1
  fi
  check_needs || lacking=1
  if [ -n "$INIT" ] && ! take_effect; then
    roll_back
    exit 1
  fi
  trap - INT TERM HUP
}

main() {
  lacking=''
  options "$@"
  # Twice: the hosts must be known before we know whose files we want.
  table
  choose_host
  hosts=0 services=0 files=0 needed=0
  table
  compare
  list_affected
  if [ -z "$news$changes$affected" ]; then
    say "$HOST: all $files files are in place"
    check_needs || exit 1
    exit 0
  fi
  show
  [ -z "$DRY_RUN" ] || exit 0
  check_owners
  confirm
  put_in_place
  say "$HOST: what it had is kept in $BACKUP"
  [ -z "$lacking" ]
}

main "$@"
exit $?
