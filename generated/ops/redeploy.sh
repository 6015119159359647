#!/usr/bin/env bash
# Brings services of this host to what the repository says. `--help` says how.
# Made by `homelab build` from platform.toml: change that, not this.
set -u -o pipefail
export LC_ALL=C

table() {
  # Hosts: name, what `hostname` says on them, addresses
  host dietpi dietpi 192.168.1.70
  host mini mini 192.168.1.71
  host studio studio 192.168.1.72
  # Checkouts: host, path
  checkout mini /home/christopherbailey/homelab-llm
  # Services: name, host, folder below the checkout
  service ov-llm-server mini layer-inference/ov-llm-server
  service searxng mini layer-tools/searxng
  service mlx studio ''
  service litellm-orch mini layer-gateway/litellm-orch
  service open-webui mini ''
  service optillm-proxy mini layer-gateway/optillm-proxy
  service ollama mini ''
  # Files in the checkout that install.sh puts there: host, path below the checkout
  ours mini layer-gateway/litellm-orch/config/env.local
  ours mini layer-gateway/litellm-orch/config/router.yaml
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

usage() {
  cat <<'END'
Brings services of this host to what the repository says.

  redeploy.sh SERVICE...
  redeploy.sh all

Pulls the checkout, fast-forward only; runs `uv sync`
where a service has a uv.lock; installs what was built
and restarts the services (install.sh); then looks
whether all is well.

It refuses a checkout with changes of its own and one
that went another way than the remote. Files that
install.sh put there are no such changes.

  --host H   this machine is H (default: told by its
             name and addresses)
  --help     this text

Exit code: 0 all is well, 1 refused or something is sick,
2 wrong use.
END
}

# ---------------------------------------------------- the checkout

CHECKOUT=''
checkout() {
  [ "$1" != "$HOST" ] || CHECKOUT=$2
}

our_files=0
ours() {
  [ "$1" = "$HOST" ] || return 0
  our_path[our_files]=$2
  our_files=$((our_files + 1))
}

refuse() {
  say "${red}refused:${plain} $*"
  exit 1
}

# Runs as the owner of the checkout: root would leave files behind that its owner cannot change.
as_owner() {
  if [ "$(id -u)" = 0 ] && [ "$OWNER" != root ]; then
    sudo -u "$OWNER" -- "$@"
  else
    "$@"
  fi
}

git_here() { as_owner git -C "$CHECKOUT" "$@"; }

find_checkout() {
  [ -n "$CHECKOUT" ] || stop "$HOST has no checkout of the repository"
  [ -d "$CHECKOUT" ] || stop "there is no checkout at $CHECKOUT"
  OWNER=$(stat -c '%U' "$CHECKOUT" 2>/dev/null || stat -f '%Su' "$CHECKOUT")
  git_here rev-parse --git-dir >/dev/null || stop "$CHECKOUT is no git repository"
}

check_clean() {
  local i=0 dirt
  set -- .
  while [ "$i" -lt "$our_files" ]; do
    set -- "$@" ":(top,exclude,literal)${our_path[i]}"
    i=$((i + 1))
  done
  dirt=$(git_here status --porcelain --untracked-files=all -- "$@") || refuse "git cannot tell the state of $CHECKOUT"
  [ -n "$dirt" ] || return 0
  say "$dirt" | head -n 20 | tr -d '\000-\010\013-\037\177'
  refuse "$CHECKOUT has changes of its own; commit them or put them away"
}

fetch() {
  UPSTREAM=$(git_here rev-parse --abbrev-ref --symbolic-full-name '@{upstream}' 2>/dev/null) ||
    refuse "the branch of $CHECKOUT follows no remote branch"
  git_here fetch --quiet || refuse "the remote of $CHECKOUT does not answer"
  BEFORE=$(git_here rev-parse HEAD) || refuse "$CHECKOUT has no commit"
}

# Fast-forward or nothing.
pull() {
  if git_here merge-base --is-ancestor "$UPSTREAM" HEAD; then
    say "${dim}$CHECKOUT has all of $UPSTREAM$plain"
    return 0
  fi
  git_here merge-base --is-ancestor HEAD "$UPSTREAM" ||
    refuse "$CHECKOUT and $UPSTREAM went different ways; bring them together by hand"
  put_aside
  if ! git_here merge --ff-only --quiet "$UPSTREAM"; then
    put_again
    refuse "the checkout could not be brought forward"
  fi
  put_again
  say "${green}pulled${plain}: $CHECKOUT went from ${BEFORE%"${BEFORE#????????}"} to $(git_here rev-parse --short=8 HEAD)"
}

# Git would not overwrite a file of ours that it tracks, so it gets its own back for the moment of the merge.
put_aside() {
  local i=0 path
  ASIDE=$(as_owner mktemp -d "${TMPDIR:-/tmp}/homelab.XXXXXX") || refuse "cannot make a temporary folder"
  while [ "$i" -lt "$our_files" ]; do
    path=${our_path[i]}
    if [ -e "$CHECKOUT/$path" ] && ! git_here diff --quiet HEAD "$UPSTREAM" -- ":(top,literal)$path"; then
      as_owner cp -p "$CHECKOUT/$path" "$ASIDE/$i" || refuse "cannot read $CHECKOUT/$path"
      if git_here cat-file -e "HEAD:$path" 2>/dev/null; then
        git_here checkout --quiet HEAD -- ":(top,literal)$path" || refuse "git cannot restore $path"
      else
        as_owner rm -f "$CHECKOUT/$path"
      fi
    fi
    i=$((i + 1))
  done
}

put_again() {
  local i=0
  while [ "$i" -lt "$our_files" ]; do
    if [ -e "$ASIDE/$i" ]; then
      as_owner mv -f "$ASIDE/$i" "$CHECKOUT/${our_path[i]}" || say "${red}left behind:${plain} $ASIDE/$i"
    fi
    i=$((i + 1))
  done
  as_owner rmdir "$ASIDE"
}

# ---------------------------------------------------- the services

services=0
service() {
  service_name[services]=$1 service_host[services]=$2 service_folder[services]=$3
  services=$((services + 1))
}

# Finds a service by its name: its place in the table is then in `at`.
find_service() {
  at=0
  while [ "$at" -lt "$services" ]; do
    [ "${service_name[at]}" != "$1" ] || return 0
    at=$((at + 1))
  done
  return 1
}

# Stops unless every name is a service that is redeployed here; turns `all` into all of them.
check_services() {
  local name i
  for name in $NAMES; do
    [ "$name" != all ] || continue
    find_service "$name" || unknown "$name"
    [ "${service_host[at]}" = "$HOST" ] || stop "$name runs on ${service_host[at]}: redeploy it there"
  done
  case " $NAMES " in
    *' all '*)
      NAMES='' i=0
      while [ "$i" -lt "$services" ]; do
        [ "${service_host[i]}" != "$HOST" ] || NAMES="$NAMES ${service_name[i]}"
        i=$((i + 1))
      done
      ;;
  esac
}

unknown() {
  local i=0 name=$1 near='' all=''
  while [ "$i" -lt "$services" ]; do
    if [ "${service_host[i]}" = "$HOST" ]; then
      all="$all ${service_name[i]}"
      case ${service_name[i]} in
        "${name%"${name#???}"}"* | *"$name"*) near="$near ${service_name[i]}" ;;
      esac
    fi
    i=$((i + 1))
  done
  [ -z "$near" ] || stop "no service is called \`$name\`; did you mean:$near"
  stop "no service is called \`$name\`; on $HOST there are:$all"
}

sync_all() {
  local name folder
  for name in $NAMES; do
    find_service "$name" || return 1
    folder=${service_folder[at]}
    if [ -n "$folder" ] && [ -f "$CHECKOUT/$folder/uv.lock" ]; then
      say "${bold}$name${plain}: uv sync"
      (cd -- "$CHECKOUT/$folder" && as_owner uv sync) || return 1
    fi
  done
}

# ------------------------------------------------------------ main

options() {
  HOST='' NAMES=''
  while [ $# -gt 0 ]; do
    case $1 in
      --host)
        [ -n "${2:-}" ] || stop "$1 wants a value"
        HOST=$2 ANYWHERE=1 && shift
        ;;
      -h | --help) usage && exit 0 ;;
      -*) stop "there is no option \`$1\`; see --help" ;;
      *[!a-z0-9-]*) stop "no service is called \`$1\`" ;;
      *) NAMES="$NAMES $1" ;;
    esac
    shift
  done
}

install() {
  local name
  set -- --yes
  for name in $NAMES; do
    set -- "$@" --restart "$name"
  done
  "$BASH" "$here/install.sh" "$@" "$HOST"
}

main() {
  options "$@"
  table
  choose_host
  hosts=0 services=0
  table
  [ -n "$NAMES" ] || stop "which service? one of: ${service_name[*]}, or all"
  check_services
  find_checkout
  check_clean
  fetch
  pull
  if ! sync_all; then
    say "${red}uv sync failed${plain}; nothing was restarted. The code before was $BEFORE"
    return 1
  fi
  if ! install; then
    say "The code stays at the new commit; the one before was $BEFORE"
    return 1
  fi
  say
  "$BASH" "$here/healthcheck.sh" --host "$HOST"
}

main "$@"
exit $?
