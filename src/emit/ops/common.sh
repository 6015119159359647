# ------------------------------------------------------ for people

here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 2
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
  host_name[hosts]=$1 host_title[hosts]=$2 host_init[hosts]=$3
  host_names[hosts]=$4 host_addresses[hosts]=$5 host_checkout[hosts]=$6
  hosts=$((hosts + 1))
}

# Finds a host by its name: its place in the table is then in `at`.
find_host() {
  at=0
  while [ "$at" -lt "$hosts" ]; do
    [ "${host_name[at]}" = "$1" ] && return 0
    at=$((at + 1))
  done
  return 1
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

# Stops unless the name is that of a host.
known_host() {
  find_host "$1" || stop "no host is called \`$1\`; there are: ${host_name[*]}"
}
