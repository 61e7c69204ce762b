"""What every training shares, and the command that trains a method by its name."""
