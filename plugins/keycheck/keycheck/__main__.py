"""Starts the plugin; the gateway runs this through the launcher ``hkp-plugin-keycheck``."""

import hkp_plugin as hkp

from .plugin import KeyCheck

if __name__ == "__main__":
    hkp.serve(KeyCheck)
