"""What the pictures are worth, on clips no training has seen: the command, and what it found as tables."""
