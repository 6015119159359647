# ---------------------------------------------------- the services

services=0
service() {
  service_name[services]=$1 service_host[services]=$2 service_manager[services]=$3
  service_units[services]=$4 service_seconds[services]=$5 service_folder[services]=$6
  services=$((services + 1))
}

# Finds a service by its name: its place in the table is then in `at`.
find_service() {
  at=0
  while [ "$at" -lt "$services" ]; do
    [ "${service_name[at]}" = "$1" ] && return 0
    at=$((at + 1))
  done
  return 1
}

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
