#!/bin/bash
# HyperPod runs this on a node that computes, or to which people sign in, when its own setup is complete.
exec bash "$(dirname "$0")/logged.sh" node.sh
