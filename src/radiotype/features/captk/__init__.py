"""The 104 features per map of CaPTk's families: intensity, histogram, volume, shape, textures and local binary patterns."""

from radiotype.features.captk.settings import CaptkSettings

__all__ = ["CaptkSettings"]
