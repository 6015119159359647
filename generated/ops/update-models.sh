#!/usr/bin/env bash
# Fetches the models of this host anew. `--help` says how.
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
  # Stores of models: service, host, what it is, where, whose
  store mlx studio hub /Users/thestudio/models/hf/hub thestudio
  store ollama mini ollama http://127.0.0.1:11434 christopherbailey
  # Models: service, its name in the store, the folder that its owner fills
  model mlx mlx-community/gemma-3-27b-it-qat-4bit ''
  model mlx mlx-community/gpt-oss-120b-MXFP4-Q4 ''
  model mlx mlx-community/gpt-oss-20b-MXFP4-Q4 ''
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

# ---------------------------------------------------------- stores

stores=0
store() {
  store_service[stores]=$1 store_host[stores]=$2 store_kind[stores]=$3
  store_place[stores]=$4 store_user[stores]=$5
  stores=$((stores + 1))
}

models=0
model() {
  model_service[models]=$1 model_source[models]=$2 model_path[models]=$3
  models=$((models + 1))
}

# Asks Ollama: method, path, body.
ask() {
  curl -q -f -s -S -g --noproxy '*' --proto '=http,https' --connect-timeout 5 \
    -X "$2" -H 'Content-Type: application/json' --data-binary "${4-}" -- "$1$3"
}

# A text between the quotes of JSON. (bash 3.2 and 5.2 disagree on `//` with backslashes.)
quote() {
  local text=$1 out='' i=0
  while [ "$i" -lt "${#text}" ]; do
    case ${text:i:1} in
      [\\\"]) out="$out\\${text:i:1}" ;;
      *) out="$out${text:i:1}" ;;
    esac
    i=$((i + 1))
  done
  printf '%s' "$out"
}

# Prints name and digest of each model that an Ollama has. Its list has each model's name and digest
# before the first table within, so a line for each opening brace has both.
listed() {
  local answer
  answer=$(ask "$1" GET /api/tags) || return 1
  printf '%s\n' "$answer" | tr '{' '\n' |
    sed -n 's/.*"name":"\([^"\\]*\)".*"digest":"\([^"\\]*\)".*/\1 \2/p'
}

# Does something as the user whom a folder belongs to.
as_user() {
  local user=$1
  shift
  if [ "$(id -un)" = "$user" ]; then "$@"; else sudo -u "$user" -H -- "$@"; fi
}

usage() {
  cat <<'END'
Fetches the models of this host anew, from where each
comes from, and restarts the services whose models
changed. Ollama takes a new model by itself once the old
one is out of its memory, and is told to let it go.

  update-models.sh [--dry-run] [HOST]

HOST is told by this machine's name and addresses; name
it where that fails. A model in a folder that you fill
yourself is named and left alone.

  --dry-run   only say what would be fetched
  --help      this text

Exit code: 0 all is fetched, 1 something is not, 2 wrong
use.
END
}

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

# Pulls a model into an Ollama, and lets go of the one in memory when another came: URL, model.
pull() {
  local before after answer body
  body="{\"model\":\"$(quote "$2")\",\"stream\":false}"
  before=$(listed "$1" | grep -F -- "$2")
  answer=$(ask "$1" POST /api/pull "$body") || return 1
  case $answer in
    *'"status":"success"'*) ;;
    *)
      say "        $answer"
      return 1
      ;;
  esac
  after=$(listed "$1" | grep -F -- "$2")
  if [ "$before" = "$after" ]; then
    say "  ${dim}same${plain}  $2"
  else
    say "  ${green}new${plain}   $2"
    # No prompt, and kept for no time: it is unloaded.
    ask "$1" POST /api/generate "{\"model\":\"$(quote "$2")\",\"keep_alive\":0}" >/dev/null || true
  fi
}

# Fetches a repository of Hugging Face into a hub: hub, user, repository. Notes in `changed` that another came.
fetch() {
  local main before after
  main="$1/models--${3//\//--}/refs/main"
  before=$(as_user "$2" cat "$main" 2>/dev/null)
  as_user "$2" env HF_HOME="${1%/hub}" "$hf" download --quiet -- "$3" >/dev/null || return 1
  after=$(as_user "$2" cat "$main" 2>/dev/null)
  if [ "$before" = "$after" ]; then
    say "  ${dim}same${plain}  $3"
  else
    say "  ${green}new${plain}   $3"
    changed=1
  fi
}

# Renews one store: its place in the table.
renew() {
  local at=$1 i=0 source path failed=''
  local service=${store_service[at]} kind=${store_kind[at]} place=${store_place[at]}
  changed=''
  say "${bold}$service${plain}"
  while [ "$i" -lt "$models" ]; do
    if [ "${model_service[i]}" = "$service" ]; then
      source=${model_source[i]} path=${model_path[i]}
      if [ "$kind" = hub ] && [ -z "$source$path" ]; then
        say "  ${dim}yours${plain} a model says neither its \`repo\` nor its \`source_path\`; fetch it yourself"
      elif [ "$kind" = hub ] && [ -n "$path" ]; then
        say "  ${dim}yours${plain} $source lies in $path; fetch it yourself"
      elif [ -n "$DRY_RUN" ]; then
        say "  would fetch $source"
      elif [ "$kind" = ollama ]; then
        pull "$place" "$source" || failed=1
      else
        fetch "$place" "${store_user[at]}" "$source" || failed=1
      fi
      [ -z "$failed" ] || say "  ${red}lost${plain}  $source could not be fetched"
      [ -z "$failed" ] || lost=1
      failed=''
    fi
    i=$((i + 1))
  done
  [ -z "$changed" ] || restart "$service"
}

# Restarts a service by its name.
restart() {
  local i=0
  while [ "$i" -lt "$services" ]; do
    if [ "${service_name[i]}" = "$1" ] && [ "${service_host[i]}" = "$HOST" ]; then
      if [ "${service_manager[i]}" = hand ]; then
        say "  ${dim}hand${plain}  nothing here starts $1; restart it yourself"
      else
        restart_one "$i" && wait_for "$i" || lost=1
      fi
    fi
    i=$((i + 1))
  done
}

main() {
  local i=0 here_too=''
  lost='' changed=''
  options "$@"
  table
  choose_host
  hf=$(command -v hf || command -v huggingface-cli) || hf=hf
  while [ "$i" -lt "$stores" ]; do
    if [ "${store_host[i]}" = "$HOST" ]; then
      here_too=1
      renew "$i"
    fi
    i=$((i + 1))
  done
  [ -n "$here_too" ] || say "no service of $HOST keeps models"
  [ -z "$lost" ]
}

main "$@"
exit $?
