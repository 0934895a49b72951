"""What a sample of each format is: every rule, and the code that tells which ones a sample breaks."""
