#!/bin/sh
# Publishes services of pi5l on its tailnet, by HTTPS and to nobody else.
# Made from platform.toml by homelab; the next install overwrites what is changed here.
#
#   tailscale-serve [--dry-run]
#
# Running it again changes nothing. What it published once and no longer does stays until
# `tailscale serve --https=PORT --set-path=PATH off`, or `tailscale serve reset` for all.
set -eu

run() { tailscale "$@"; }
case "${1-}" in
  '') ;;
  --dry-run) run() { printf 'tailscale'; printf ' %s' "$@"; printf '\n'; } ;;
  *) echo "usage: tailscale-serve [--dry-run]" >&2; exit 2 ;;
esac
if [ "${1-}" = '' ] && ! command -v tailscale >/dev/null; then
  echo "tailscale-serve: tailscale is not installed here" >&2
  exit 2
fi

# LiteLLM gateway: https://pi5l.tailf49db2.ts.net/llm
run serve --bg --https=443 --set-path=/llm http://127.0.0.1:4000
