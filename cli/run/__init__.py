"""One command a module. What is slow to import, the function imports: `atelier --help` answers at once."""
