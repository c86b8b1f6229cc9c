"""How dates and times are written in each language (`FORMAT_MODULE_PATH`); numbers are Django's own."""
