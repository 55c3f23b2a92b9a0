"""A plugin for hkp-gateway: refuses index searches that are too short."""
