"""The findings of arXiv 2305.20050 as experiments to run again: pure, on a CPU, by the product's own training and selection."""
