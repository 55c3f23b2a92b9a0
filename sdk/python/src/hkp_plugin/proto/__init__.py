"""Stubs of the plugin protocol, made by ``generate.sh``. For code that needs more than the SDK shows."""
