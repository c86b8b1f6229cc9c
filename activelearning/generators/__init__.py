"""Where new candidate solutions come from: a script, a local language model, a server. Rounds know them by `generating.py`."""
