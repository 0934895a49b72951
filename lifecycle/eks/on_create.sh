#!/bin/bash
# HyperPod runs this on a node when it is made, replaced or patched.
exec bash "$(dirname "$0")/logged.sh" on_create_main.sh
