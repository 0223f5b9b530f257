"""The only layer that opens a foreign file."""

from radiotype.io.masks import list_regions, read_mask, read_masks
from radiotype.io.tables import read_cohort, read_features, write_features
from radiotype.io.text_table import read_text_table
from radiotype.io.volumes import read_scan

__all__ = [
    "list_regions", "read_cohort", "read_features", "read_mask", "read_masks", "read_scan", "read_text_table", "write_features",
    "write_seg",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "write_seg":
        from radiotype.io.seg_write import write_seg

        return write_seg
    raise AttributeError(name)
