#!/usr/bin/env bash
# Turns the namespaces that unit_roundtrip.py made into a machine of its own, and becomes its systemd.
#
# Takes an empty folder and the name of a terminal, on which systemd says what it finds wrong. The new root is the host's, seen through an overlay whose changes live in
# memory: nothing that the units do or that the test installs reaches the host. Ends with the exec.
set -eu
folder=$1
terminal=$2
mount -t tmpfs -o mode=755 homelab "$folder"
mkdir "$folder"/changes "$folder"/work "$folder"/root
mount -t overlay -o "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work" homelab "$folder/root"
root=$folder/root

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
{
  sed '/^Block devices/,$d' /proc/devices
  grep -q ' drm$' /proc/devices || echo '226 drm'
  grep -q ' kfd$' /proc/devices || echo '511 kfd'
  echo
  sed -n '/^Block devices/,$p' /proc/devices
} | sed '/^$/d; s/^Block devices/\n&/' > "$folder/devices"
mount --bind "$folder/devices" "$root/proc/devices"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

# Devices of its own: what every program expects, and a graphics node to give or to hide.
mount -t tmpfs -o mode=755 devices "$root/dev"
mkdir "$root"/dev/shm "$root"/dev/pts "$root"/dev/dri
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mknod -m 666 "$root/dev/dri/renderD128" c 226 128
touch "$root/dev/console"
mount --bind "$terminal" "$root/dev/console"

mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir "$root/run/seen"

# No unit of the host's own starts: only what the test installs, and the bare targets.
rm -rf "$root"/etc/systemd/system "$root"/etc/systemd/system.conf.d "$root"/etc/fstab
mkdir -p "$root/etc/systemd/system"
for folder in "$root"/lib/systemd/system "$root"/usr/lib/systemd/system; do
  rm -rf "$folder"/*.target.wants "$folder"/*.target.requires
done
rm -rf "$root"/lib/systemd/system-generators/* "$root"/usr/lib/systemd/system-generators/* \
  "$root"/usr/local/lib/systemd/system-generators "$root"/etc/systemd/system-generators

cd "$root"
mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
systemd=/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/usr/lib/systemd/systemd
exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-sys_boot --inh-caps=-all \
  env -i container=homelab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  "$systemd" --system --unit=basic.target --log-target=console --log-level=info --log-color=no --log-time=no --log-location=no --show-status=no
