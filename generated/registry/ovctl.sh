#!/usr/bin/env bash
# Warms up the models of a profile, each by one small request through the gateway.
# Made by `homelab build` for homelab-llm from platform.toml: change it there.
# Needs bash (3.2 or later) and curl.
set -u

gateway=http://192.168.1.71:4000
key_variable=LITELLM_PROXY_KEY
seconds=300
needs_key=true
env_file=
dry_run=false

usage() {
  printf '%s\n' \
    'Usage: ovctl.sh list' \
    '       ovctl.sh show PROFILE' \
    '       ovctl.sh apply PROFILE [--dry-run] [--env-file FILE] [--gateway URL] [--timeout SECONDS]' \
    '' \
    'list   shows the profiles, show the handles of one; apply asks each of them for one token.' \
    '' \
    "The gateway is $gateway unless --gateway or HOMELAB_GATEWAY_URL says otherwise." \
    "Its key is read from $key_variable: of the environment, else of the file after --env-file." \
    "An answer may take $seconds seconds." \
    '' \
    'Exit: 0 all is warm; 1 something is not, or the profile is empty; 2 wrong use.'
}

fail() {
  printf 'ovctl: %s\n' "$*" >&2
  exit 2
}

list_profiles() {
  printf '%-32s %7s  %s\n' PROFILE HANDLES SERVICES
  printf '%-32s %7s  %s\n' ov-only-expanded 0 ov-llm-server
  printf '%-32s %7s  %s\n' ov-only-fast 0 ov-llm-server
  printf '%-32s %7s  %s\n' ov-only-safe 0 ov-llm-server
}

# Calls the function $2 with handle, path and body of each request of profile $1.
# Fails when there is no such profile.
each_request() {
  case $1 in
  ov-only-expanded)
    ;;
  ov-only-fast)
    ;;
  ov-only-safe)
    ;;
  *)
    return 1
    ;;
  esac
}

count=0
count_one() { count=$((count + 1)); }

show_one() { printf '%s\n' "$1"; }

row() { printf '%-44s %-8s %8s  %s\n' "$1" "$2" "$3" "$4"; }

plan_one() {
  if [ -n "$2" ]; then
    row "$1" would '-' "POST $gateway$2 $3"
  else
    row "$1" skip '-' 'there is no small request for what it does'
  fi
}

key=
# Takes the key from an env file without running it; the last line wins, as for systemd.
read_key() {
  local line value
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    "$key_variable="*) value=${line#*=} ;;
    *) continue ;;
    esac
    value=${value%$'\r'}
    case $value in
    \'*\' | \"*\")
      value=${value:1}
      value=${value%?}
      ;;
    esac
    key=$value
  done <"$1"
}

cold=0
skipped=0
# The key goes to curl by its standard input, so that no list of processes shows it.
warm_one() {
  local answer last status detail
  if [ -z "$2" ]; then
    row "$1" skip '-' 'there is no small request for what it does'
    skipped=$((skipped + 1))
    return
  fi
  if answer=$(
    if [ -n "$key" ]; then
      printf 'header = "Authorization: Bearer %s"\n' "$key"
    fi | curl -sS -K - --noproxy '*' --max-time "$seconds" \
      -H 'Content-Type: application/json' --data-raw "$3" \
      -w '\n%{http_code} %{time_total}' "$gateway$2" 2>&1
  ); then
    last=${answer##*$'\n'}
    status=${last%% *}
    detail=${answer%$'\n'*}
    detail=${detail//[[:cntrl:]]/ }
    case $status in
    2??)
      row "$1" warm "${last#* }" ''
      return
      ;;
    esac
    row "$1" FAILED "${last#* }" "HTTP $status: ${detail:0:200}"
  else
    detail=${answer#*curl: }
    row "$1" FAILED '-' "${detail%%$'\n'*}"
  fi
  cold=$((cold + 1))
}

apply() {
  local profile=$1
  if $dry_run; then
    row HANDLE RESULT SECONDS REQUEST
    each_request "$profile" plan_one
    return 0
  fi
  command -v curl >/dev/null || fail 'curl is not on the path'
  key=${!key_variable:-}
  if [ -z "$key" ] && [ -n "$env_file" ]; then
    [ -r "$env_file" ] || fail "$env_file cannot be read"
    read_key "$env_file"
  fi
  if $needs_key && [ -z "$key" ]; then
    fail "$key_variable is not set: export it, or name the gateway's env file with --env-file"
  fi
  case $key in
  *[\"\\]*) fail "$key_variable has a quote or a backslash, which no header can carry" ;;
  esac
  row HANDLE RESULT SECONDS DETAIL
  each_request "$profile" warm_one
  if [ "$cold" -gt 0 ]; then
    printf '\n%s of %s handles of %s did not answer\n' "$cold" "$count" "$profile"
    return 1
  fi
  printf '\n%s is warm: %s of %s handles answered, %s skipped\n' \
    "$profile" $((count - skipped)) "$count" "$skipped"
}

command=
profile=
[ -n "${HOMELAB_GATEWAY_URL:-}" ] && gateway=$HOMELAB_GATEWAY_URL
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help)
    usage
    exit 0
    ;;
  --dry-run) dry_run=true ;;
  --env-file | --gateway | --timeout)
    [ $# -gt 1 ] || fail "$1 wants a value"
    case $1 in
    --env-file) env_file=$2 ;;
    --gateway) gateway=$2 ;;
    --timeout) seconds=$2 ;;
    esac
    shift
    ;;
  -*) fail "there is no option $1; try --help" ;;
  *)
    if [ -z "$command" ]; then
      command=$1
    elif [ -z "$profile" ]; then
      profile=$1
    else
      fail "$1 is one word too many; try --help"
    fi
    ;;
  esac
  shift
done
gateway=${gateway%/}
case $seconds in
'' | *[!0-9]*) fail '--timeout wants whole seconds' ;;
esac

case $command in
list)
  [ -z "$profile" ] || fail 'list takes no profile'
  list_profiles
  exit 0
  ;;
show | apply) ;;
'')
  usage >&2
  exit 2
  ;;
*) fail "there is no command $command; try --help" ;;
esac

[ -n "$profile" ] || fail "$command wants the name of a profile; list shows them"
each_request "$profile" count_one || fail "there is no profile $profile; list shows them"
if [ "$count" -eq 0 ]; then
  printf 'the profile %s is empty: platform.toml names no handles for it\n' "$profile"
  exit 1
fi
case $command in
show) each_request "$profile" show_one ;;
apply) apply "$profile" ;;
esac
