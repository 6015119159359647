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
