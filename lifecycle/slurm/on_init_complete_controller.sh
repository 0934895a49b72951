#!/bin/bash
# HyperPod runs this on the controller when its own setup is complete.
exec bash "$(dirname "$0")/logged.sh" controller.sh
