#!/bin/sh
# The programs that `npm run bench -- --peers` measures beside Tideway, from the packages of Debian or Ubuntu.
set -eu
export DEBIAN_FRONTEND=noninteractive
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get update
$sudo apt-get install --yes --no-install-recommends syncthing unison rclone lsyncd rsync openssh-server openssh-client
# sshd refuses to start without it.
$sudo mkdir -p /run/sshd
