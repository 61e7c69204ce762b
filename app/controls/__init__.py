"""What a reader turns: knobs and presets."""
