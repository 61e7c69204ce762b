"""What the pictures are worth, on clips no training has seen: one file a method."""
