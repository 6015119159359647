#!/usr/bin/env bash
# Asks everything that is live whether it is well. `--help` says how.
# Made by `homelab build` from platform.toml: change that, not this.
set -u -o pipefail
export LC_ALL=C

PLATFORM=kheti
# Where keys lie on the gateway's host.
KEY_HOST=pi5l
KEY_ENV=/etc/homelab/litellm.env
# Everything live, also what cannot be asked.
SERVICES='grafana litellm ollama postgres prometheus redis'

table() {
  # Hosts: name, what `hostname` says on them, addresses
  host akshat-pc akshat-pc '10.0.0.5 100.111.115.92'
  host pi5l pi5l '10.0.0.111 100.77.119.64'
  # Questions: what, service, host, port, title
  #   where from its own host, where from elsewhere
  #   method, status, variable of the key, body, words in the answer
  probe service ollama akshat-pc 11434 Ollama \
    http://100.111.115.92:11434/api/tags http://100.111.115.92:11434/api/tags \
    GET 200 '' '' ''
  probe service grafana pi5l 3000 Grafana \
    http://127.0.0.1:3000/api/health '' \
    GET 200 '' '' ''
  probe service litellm pi5l 4000 'LiteLLM gateway' \
    http://127.0.0.1:4000/health/readiness '' \
    GET 200 '' '' ''
  probe unit postgres pi5l '' PostgreSQL \
    compose:postgres '' \
    GET 200 '' '' ''
  probe service prometheus pi5l 9090 Prometheus \
    http://127.0.0.1:9090/-/healthy '' \
    GET 200 '' '' ''
  probe unit redis pi5l '' Redis \
    compose:redis '' \
    GET 200 '' '' ''
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

usage() {
  cat <<'END'
Asks everything that is live whether it is well.

  healthcheck.sh [OPTION]... [HOST]...

Only what is live and assigned is asked, by its cheap
health path: no model is loaded by asking. With names of
hosts, only what runs there is asked.

  --host H      this machine is H (default: told by its
                name and addresses)
  --elsewhere   this machine is none of the platform's
  --only S      ask service S alone, without the checks
  --timeout S   seconds that an answer may take (5)
  --key-file F  the gateway's key: alone in a file, or in
                an env file. Default: the variable of the
                environment, else the gateway's env file
  --json        for programs
  --quiet       say nothing, only exit
  --help        this text

  well   it answered as it should
  SICK   it did not
  away   it listens on another host's loopback alone
  skip   its key is not at hand

Exit code: 0 nothing is sick, 1 something is, 2 wrong use.
END
}

# ------------------------------------------------------ the probes

probes=0
probe() {
  what[probes]=$1 who[probes]=$2 where[probes]=$3 port[probes]=$4 title[probes]=$5
  near[probes]=$6 far[probes]=$7 method[probes]=$8 status[probes]=$9
  key[probes]=${10} body[probes]=${11} contains[probes]=${12}
  probes=$((probes + 1))
}

# Leaves of the table what was asked for.
choose_probes() {
  local all=$probes i=0
  probes=0
  while [ "$i" -lt "$all" ]; do
    if wanted "$i"; then
      probe "${what[i]}" "${who[i]}" "${where[i]}" "${port[i]}" "${title[i]}" "${near[i]}" "${far[i]}" \
        "${method[i]}" "${status[i]}" "${key[i]}" "${body[i]}" "${contains[i]}"
    fi
    i=$((i + 1))
  done
}

wanted() {
  if [ -n "$ONLY" ]; then
    [ "${who[$1]}" = "$ONLY" ] && [ "${what[$1]}" != check ] || return 1
  fi
  [ -z "$WANTED" ] && return 0
  case " $WANTED " in
    *" ${where[$1]} "*) return 0 ;;
  esac
  return 1
}

# Asks them side by side, a bounded number at a time.
ask_all() {
  local workers=$probes n=0
  [ "$workers" -le 48 ] || workers=48
  while [ "$n" -lt "$workers" ]; do
    worker "$n" "$workers" &
    n=$((n + 1))
  done
  wait
}

worker() {
  local i=$1
  while [ "$i" -lt "$probes" ]; do
    ask_one "$i" 2>/dev/null >"$SCRATCH/$i"
    i=$((i + $2))
  done
}

# Prints what came of one probe: state, milliseconds, HTTP status, words.
ask_one() {
  local url=${far[$1]} secret=''
  [ "$HERE" != "${where[$1]}" ] || url=${near[$1]}
  if [ -z "$url" ]; then
    say "away - - it listens on ${where[$1]} alone"
  elif [ "${what[$1]}" = unit ]; then
    ask_unit "$url"
  elif [ -n "${key[$1]}" ] && ! secret=$(find_key "${key[$1]}"); then
    say "skip - - it needs ${key[$1]}: see --key-file"
  else
    ask_http "$1" "$url" "$secret"
  fi
}

# Something that opens no port is well when what starts it says that it runs.
ask_unit() {
  local name=${1#*:}
  case $1 in
    systemd:* | quadlet:*) systemctl is-active --quiet -- "$name.service" && say "well - - running" && return ;;
    launchd:*) launchctl print "system/$name" | grep -q 'state = running' && say "well - - running" && return ;;
    compose:*) compose_runs "$name" && say "well - - running" && return ;;
  esac
  say "sick - - it is not running"
}

compose_runs() {
  docker compose --file /etc/homelab/docker-compose.yml ps --services --status running | grep -Fqx -- "$1"
}

ask_http() {
  local i=$1 url=$2 secret=$3 answer got status_seen connected total out=/dev/null
  [ -z "${contains[i]}" ] || out=$SCRATCH/$i.body
  # The key goes in by standard input: the list of processes shows arguments to everybody.
  set -- -q -K - -g -s -A homelab-healthcheck --noproxy '*' --proto '=http,https' --max-redirs 0 \
    --connect-timeout "$TIMEOUT" --max-time "$TIMEOUT" --limit-rate 4M \
    -o "$out" -w '%{http_code} %{time_connect} %{time_total}' --url "$url"
  # A certificate has the name by which others know the host, and those who ask here ask for health alone.
  case $url in https:*) set -- "$@" --insecure ;; esac
  [ "${method[i]}" = GET ] || set -- "$@" -X "${method[i]}" --data-raw "${body[i]}"
  answer=$(curl_config "$secret" "${method[i]}" | curl "$@")
  got=$?
  read -r status_seen connected total <<<"$answer"
  if [ "${what[i]}" = port ]; then
    # Whatever it speaks, it is there when it lets us in.
    case ${connected:-0} in
      *[1-9]*) say "well $(milliseconds "$connected") - it accepts connections" ;;
      *) say "sick - - $(reason "$got")" ;;
    esac
  elif [ "$got" != 0 ]; then
    say "sick - - $(reason "$got")"
  elif [ "$status_seen" != "${status[i]}" ]; then
    say "sick $(milliseconds "$total") $status_seen it answered $status_seen in place of ${status[i]}"
  elif [ -n "${contains[i]}" ] && ! grep -aqF -e "${contains[i]}" "$out"; then
    say "sick $(milliseconds "$total") $status_seen its answer lacks the words it should have"
  else
    say "well $(milliseconds "$total") $status_seen"
  fi
}

curl_config() {
  if [ -n "$1" ]; then
    printf 'header = "Authorization: Bearer %s"\n' "$(quoted "$1")"
  fi
  if [ "$2" != GET ]; then
    printf 'header = "Content-Type: application/json"\n'
  fi
}

reason() {
  case $1 in
    3) say "its URL is not one that curl can read" ;;
    6) say "its host name has no address" ;;
    7) say "nothing listens there" ;;
    28) say "no answer within $TIMEOUT s" ;;
    52 | 56) say "it hung up without an answer" ;;
    *) say "curl failed with code $1" ;;
  esac
}

# 0.012345 becomes 12.
milliseconds() {
  local whole=${1%%.*} part=${1#*.}000
  say "$((10#${whole:-0} * 1000 + 10#${part:0:3}))"
}

# Puts a backslash before quotes and backslashes, for JSON and for curl. (bash 3.2 and 5.2 disagree on `//`.)
quoted() {
  local text=$1 out='' i=0
  case $text in
    *[\\\"]*) ;;
    *) printf '%s' "$text" && return ;;
  esac
  while [ "$i" -lt "${#text}" ]; do
    case ${text:i:1} in
      [\\\"]) out="$out\\${text:i:1}" ;;
      *) out="$out${text:i:1}" ;;
    esac
    i=$((i + 1))
  done
  printf '%s' "$out"
}

# Prints a key by the name of its variable, or fails.
find_key() {
  local value=${!1:-}
  [ -n "$value" ] || [ -z "$KEY_FILE" ] || value=$(key_in "$KEY_FILE" "$1" alone)
  [ -n "$value" ] || [ "$HERE" != "$KEY_HOST" ] || value=$(key_in "$KEY_ENV" "$1" '')
  [ -n "$value" ] && say "$value"
}

# Prints the value of a variable in an env file, or the one line of a file that has nothing else.
key_in() {
  local value
  [ -r "$1" ] || return 1
  value=$(sed -n -e "s/^[[:space:]]*\(export[[:space:]][[:space:]]*\)\{0,1\}$2=//p" -- "$1" | tail -n 1 | tr -d '\r')
  if [ -z "$value" ] && [ -n "$3" ] && [ "$(grep -c '' "$1")" -le 1 ]; then
    value=$(tr -d '\r' <"$1")
  fi
  case $value in
    \"*\" | \'*\') value=${value:1:$((${#value} - 2))} ;;
  esac
  printf '%s' "$value"
}

# --------------------------------------------------------- results

# Reads what came of each probe, and counts.
collect() {
  local i=0
  well=0 sick=0 away=0 skipped=0
  while [ "$i" -lt "$probes" ]; do
    state[i]=sick took[i]=- code[i]=- words[i]='it could not be asked'
    read -r 'state[i]' 'took[i]' 'code[i]' 'words[i]' <"$SCRATCH/$i"
    case ${state[i]} in
      well) well=$((well + 1)) ;;
      away) away=$((away + 1)) ;;
      skip) skipped=$((skipped + 1)) ;;
      *) sick=$((sick + 1)) ;;
    esac
    i=$((i + 1))
  done
}

show_table() {
  local group='' i=0 heading
  say "${bold}$PLATFORM${plain}, seen from ${HERE:-elsewhere}"
  while [ "$i" -lt "$probes" ]; do
    heading=${where[i]}
    [ "${what[i]}" != check ] || heading=checks
    if [ "$heading" != "$group" ]; then
      group=$heading
      say "$heading"
    fi
    show_row "$i"
    i=$((i + 1))
  done
  say "$well well, $sick sick, $away away, $skipped skipped"
}

show_row() {
  local name=${who[$1]} url=${far[$1]} time=''
  [ "$HERE" != "${where[$1]}" ] || url=${near[$1]}
  [ -z "${port[$1]}" ] || name="$name :${port[$1]}"
  [ "${what[$1]}" != check ] || name=${title[$1]}
  [ "${took[$1]}" = - ] || time="${took[$1]} ms"
  case ${state[$1]} in
    well) printf '  %swell%s  %-32s %s\n' "$green" "$plain" "$name" "$time" ;;
    away | skip)
      printf '  %s%s  %s%s\n' "$dim" "${state[$1]}" "$name" "$plain"
      printf '        %s\n' "${words[$1]}"
      ;;
    *)
      printf '  %sSICK%s  %s\n' "$red" "$plain" "$name"
      printf '        %s\n        %s\n' "${words[$1]}" "$url"
      ;;
  esac
}

show_json() {
  local i=0 comma='' is_well=true from=null
  [ "$sick" = 0 ] || is_well=false
  [ -z "$HERE" ] || from="\"$HERE\""
  printf '{"version":1,"platform":"%s","from":%s,"well":%s,"probes":[' "$PLATFORM" "$from" "$is_well"
  while [ "$i" -lt "$probes" ]; do
    printf '%s\n' "$comma"
    comma=,
    printf '{"what":"%s","service":"%s","host":"%s","port":%s,"title":"%s","url":%s,"state":"%s","milliseconds":%s,"status":%s,"words":"%s"}' \
      "${what[i]}" "${who[i]}" "${where[i]}" "${port[i]:-null}" "$(quoted "${title[i]}")" "$(json_url "$i")" "${state[i]}" \
      "$(number "${took[i]}")" "$(number "${code[i]}")" "$(quoted "${words[i]}")"
    i=$((i + 1))
  done
  printf '\n]}\n'
}

json_url() {
  local url=${far[$1]}
  [ "$HERE" != "${where[$1]}" ] || url=${near[$1]}
  if [ -n "$url" ]; then
    printf '"%s"' "$(quoted "$url")"
  else
    printf null
  fi
}

number() {
  case $1 in
    - | 000) printf null ;;
    *) printf '%s' "$1" ;;
  esac
}

# ------------------------------------------------------------ main

options() {
  HERE='' ELSEWHERE='' ONLY='' TIMEOUT=5 KEY_FILE='' JSON='' QUIET='' WANTED=''
  while [ $# -gt 0 ]; do
    case $1 in
      --host | --only | --timeout | --key-file)
        [ -n "${2:-}" ] || stop "$1 wants a value"
        ;;
    esac
    case $1 in
      --host) HERE=$2 && shift ;;
      --only) ONLY=$2 && shift ;;
      --timeout) TIMEOUT=$2 && shift ;;
      --key-file) KEY_FILE=$2 && shift ;;
      --elsewhere) ELSEWHERE=1 ;;
      --json) JSON=1 ;;
      --quiet) QUIET=1 ;;
      -h | --help) usage && exit 0 ;;
      -*) stop "there is no option \`$1\`; see --help" ;;
      *) known_host "$1" && WANTED="$WANTED $1" ;;
    esac
    shift
  done
  case $TIMEOUT in
    [1-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;;
    *) stop "--timeout wants whole seconds from 1 to 999" ;;
  esac
  [ -z "$KEY_FILE" ] || [ -r "$KEY_FILE" ] || stop "cannot read the key file \`$KEY_FILE\`"
}

# Settles where we look from, and that what was named is there.
settle() {
  local i=0
  if [ -n "$HERE" ]; then
    known_host "$HERE"
  elif [ -z "$ELSEWHERE" ]; then
    HERE=$(this_host) || HERE=''
  fi
  [ -n "$ONLY" ] || return 0
  while [ "$i" -lt "$probes" ]; do
    [ "${who[i]}" != "$ONLY" ] || return 0
    i=$((i + 1))
  done
  # Something without port and unit has nothing to ask: it is as well as it gets.
  case " $SERVICES " in
    *" $ONLY "*) exit 0 ;;
  esac
  stop "nothing live is called \`$ONLY\`; there are: $SERVICES"
}

main() {
  table
  options "$@"
  command -v curl >/dev/null || stop "curl is needed"
  settle
  choose_probes
  SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXX") || stop "cannot make a temporary folder"
  trap 'rm -rf -- "$SCRATCH"' EXIT
  trap 'trap - EXIT; rm -rf -- "$SCRATCH"; exit 130' INT TERM HUP
  ask_all
  collect
  if [ -n "$JSON" ]; then
    show_json
  elif [ -z "$QUIET" ]; then
    show_table
  fi
  [ "$sick" = 0 ]
}

main "$@"
exit $?
