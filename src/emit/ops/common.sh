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
