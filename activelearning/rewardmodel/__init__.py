"""Process and outcome reward models in plain torch: labels in, a checkpoint out, scores for solutions. No web framework, no database."""
