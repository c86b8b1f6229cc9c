"""What a reward model is worth, in numbers; pure."""
