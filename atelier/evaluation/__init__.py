"""What an evaluation job leaves behind, as numbers the gate can compare."""
