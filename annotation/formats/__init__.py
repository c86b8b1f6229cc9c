"""What a file becomes: one module a dataset format, pure. Readers yield rows or refusals and never raise on bad content."""
