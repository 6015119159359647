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
