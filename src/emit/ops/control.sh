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
