#!/usr/bin/env bash
# Finds what this host keeps and nobody needs. `--help` says how.
# Made by `homelab build` from platform.toml: change that, not this.
set -u -o pipefail
export LC_ALL=C

table() {
  # Hosts: name, what `hostname` says on them, addresses
  host akshat-pc akshat-pc '10.0.0.5 100.111.115.92'
  host pi5l pi5l '10.0.0.111 100.77.119.64'
  # Stores of models: service, host, what it is, where, whose
  store ollama akshat-pc ollama http://100.111.115.92:11434 root
  # Models: service, its name in the store, the folder that its owner fills
  model ollama codestral:22b ''
  model ollama deepseek-coder-v2:236b ''
  model ollama deepseek-r1:14b ''
  model ollama llama3.2-vision:11b ''
  model ollama llava:34b ''
  model ollama qwen2.5-coder:32b ''
  model ollama qwen2.5:32b ''
  model ollama qwen2.5:72b ''
  # Where the gateway keeps answers: service, host, what starts it, unit, address, port, env file
  answers redis pi5l compose redis 127.0.0.1 6379 /etc/homelab/redis.env
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
Finds what this host keeps and nobody needs: models that
the platform does not declare, and answers that the
gateway has kept. Shows them; with --yes they go.

  clear-cache.sh [--yes] [--answers] [HOST]

HOST is told by this machine's name and addresses; name
it where that fails.

  --yes       remove what is shown
  --answers   the kept answers only, no models
  --help      this text

Exit code: 0 done, 1 something could not be asked or
removed, 2 wrong use.
END
}

options() {
  HOST='' YES='' ANSWERS=''
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) YES=1 ;;
      --answers) ANSWERS=1 ;;
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

answers_service=''
answers() {
  answers_service=$1 answers_host=$2 answers_manager=$3 answers_unit=$4
  answers_address=$5 answers_port=$6 answers_file=$7
}

# True when the list of a store (standard input) has this model; a name without a tag means `latest`.
has() {
  local name=$1
  case ${name##*/} in *:*) ;; *) name=$name:latest ;; esac
  cut -d ' ' -f 1 | grep -Fqx -- "$name"
}

# True when the platform declares a model of a service: service, name in the store.
declared() {
  local i=0
  while [ "$i" -lt "$models" ]; do
    if [ "${model_service[i]}" = "$1" ] && printf '%s\n' "$2" | has "${model_source[i]}"; then
      return 0
    fi
    i=$((i + 1))
  done
  return 1
}

# True when any service declares what lies in a folder of a hub, by its repository or by its path: services may share a hub.
wanted() {
  local i=0
  while [ "$i" -lt "$models" ]; do
    [ "models--${model_source[i]//\//--}" != "${1##*/}" ] || return 0
    case ${model_path[i]}/ in "$1"/*) return 0 ;; esac
    i=$((i + 1))
  done
  return 1
}

# True when a model of a service says neither where it comes from nor where it lies.
untold() {
  local i=0
  while [ "$i" -lt "$models" ]; do
    if [ "${model_service[i]}" = "$1" ] && [ -z "${model_source[i]}${model_path[i]}" ]; then
      return 0
    fi
    i=$((i + 1))
  done
  return 1
}

# Shows one thing; true when it is to go.
goes() {
  found=1
  [ -n "$YES" ] || say "  would remove $1"
  [ -n "$YES" ]
}

gone() { say "  ${green}gone${plain}  $1"; }

stays() {
  say "  ${red}kept${plain}  $1 could not be removed"
  lost=1
}

clear_ollama() {
  local place=$1 service=$2 list name
  if ! list=$(listed "$place"); then
    say "  ${red}lost${plain}  $service does not answer at $place"
    lost=1
    return
  fi
  while read -r name _; do
    if [ -n "$name" ] && ! declared "$service" "$name" && goes "the model $name"; then
      if ask "$place" DELETE /api/delete "{\"model\":\"$(quote "$name")\"}" >/dev/null; then
        gone "the model $name"
      else
        stays "the model $name"
      fi
    fi
  done < <(printf '%s\n' "$list")
}

clear_hub() {
  local hub=$1 user=$2 service=$3 folder
  if untold "$service"; then
    say "  ${dim}kept${plain}  all of $hub: a model of $service says neither \`repo\` nor \`source_path\`"
    return
  fi
  for folder in "$hub"/models--*; do
    if [ -d "$folder" ] && [ ! -L "$folder" ] && ! wanted "$folder" && goes "$folder"; then
      if as_user "$user" rm -rf -- "$folder"; then gone "$folder"; else stays "$folder"; fi
    fi
  done
}

# The password lies in the env file, which root reads; it goes to redis-cli by its environment.
flush() {
  local password=''
  if [ "$answers_manager" = compose ]; then
    # The container has the password in its environment.
    # shellcheck disable=SC2016
    compose exec -T -- "$answers_unit" sh -c 'REDISCLI_AUTH="${REDIS_PASSWORD-}" redis-cli FLUSHDB' | grep -q OK
  elif [ "$answers_manager" = quadlet ]; then
    # shellcheck disable=SC2016
    as_root podman exec -- "$answers_unit" sh -c 'REDISCLI_AUTH="${REDIS_PASSWORD-}" redis-cli FLUSHDB' | grep -q OK
  else
    [ -z "$answers_file" ] || password=$(as_root sed -n 's/^REDIS_PASSWORD=//p' "$answers_file")
    REDISCLI_AUTH=$password redis-cli -h "$answers_address" -p "$answers_port" FLUSHDB | grep -q OK
  fi
}

main() {
  local i=0
  lost='' found=''
  options "$@"
  table
  choose_host
  while [ "$i" -lt "$stores" ] && [ -z "$ANSWERS" ]; do
    if [ "${store_host[i]}" = "$HOST" ]; then
      say "${bold}${store_service[i]}${plain}"
      case ${store_kind[i]} in
        ollama) clear_ollama "${store_place[i]}" "${store_service[i]}" ;;
        hub) clear_hub "${store_place[i]}" "${store_user[i]}" "${store_service[i]}" ;;
      esac
    fi
    i=$((i + 1))
  done
  if [ -n "$answers_service" ] && [ "$answers_host" = "$HOST" ]; then
    say "${bold}$answers_service${plain}"
    if goes 'the answers that the gateway kept'; then
      if flush; then gone 'the answers that the gateway kept'; else stays 'what the gateway kept'; fi
    fi
  fi
  if [ -z "$found" ] && [ -z "$lost" ]; then
    say "nothing here that nobody needs"
  elif [ -n "$found" ] && [ -z "$YES" ]; then
    say "nothing was removed; --yes does it"
  fi
  [ -z "$lost" ]
}

main "$@"
exit $?
