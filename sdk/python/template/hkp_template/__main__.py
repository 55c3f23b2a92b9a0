"""Starts the plugin; the gateway runs this through the launcher ``hkp-plugin-hkp-template``."""

import hkp_plugin as hkp

from .plugin import HkpTemplatePlugin

if __name__ == "__main__":
    hkp.serve(HkpTemplatePlugin)
