"""One command per module. Functions import slow modules, so that `atelier --help` answers at once."""
