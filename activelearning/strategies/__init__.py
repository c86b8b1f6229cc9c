"""Which solutions to label next: one file a strategy, pure numpy."""
