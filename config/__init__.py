"""What differs between environments, as typed literals; `-c env=<name>` selects one."""
