"""The organ tissue around a tumour, found where no mask gives it."""

from radiotype.imaging.parenchyma.finder import find_parenchyma, organ_named
from radiotype.imaging.parenchyma.found import Parenchyma
from radiotype.imaging.parenchyma.loader import FoundParenchyma, with_parenchyma

__all__ = ["FoundParenchyma", "Parenchyma", "find_parenchyma", "organ_named", "with_parenchyma"]
