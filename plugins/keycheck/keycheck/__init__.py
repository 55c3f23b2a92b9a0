"""Looks into uploaded keys before the keyserver does. Start reading at ``plugin``."""
