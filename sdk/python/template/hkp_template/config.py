"""What an operator may set: [plugin.config] of plugin.toml, and hkp.plugins.settings.hkp-template.config of the gateway."""

from dataclasses import dataclass
from typing import Annotated

import hkp_plugin as hkp


@dataclass(frozen=True)
class HkpTemplateConfig:
    """A value out of range, or of another type, keeps the plugin from starting, with a message that names the key."""

    shortest_search: Annotated[int, hkp.Range(1, 100)] = 4
    """Index searches with fewer characters are refused."""
