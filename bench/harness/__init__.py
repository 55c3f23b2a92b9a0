"""The benchmark: start reading at cli.py, then session.py and contenders.py."""
