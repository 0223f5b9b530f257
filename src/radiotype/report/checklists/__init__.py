"""CLEAR, METRICS and TRIPOD+AI, filled in from what a run stored; what only the authors know is left to them."""

from radiotype.report.checklists.section import checklists

__all__ = ["checklists"]
