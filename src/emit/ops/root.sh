# ---------------------------------------------------- as root

# What needs root asks for it here and nowhere else.
as_root() {
  if [ -n "${ROOT:-}" ] || [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

# Docker Compose, by the file that install.sh puts on the host.
compose() {
  as_root docker compose --file /etc/homelab/docker-compose.yml "$@"
}
