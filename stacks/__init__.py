"""Units of deployment, by lifetime. A stack wires components together and holds no resource or statement of its own."""
