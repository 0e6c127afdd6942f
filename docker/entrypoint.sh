#!/usr/bin/env bash
# Runs a command with ROS 2 and the messages of this project in its environment.
set -eo pipefail # not -u: the scripts of ROS read variables that are not set
source "/opt/ros/${ROS_DISTRO}/setup.bash"
source /opt/interfaces/install/setup.bash
exec "$@"
