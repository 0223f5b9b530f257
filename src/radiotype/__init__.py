"""radiotype: imaging subtypes, risk groups and their biology from tumour scans."""

__version__ = "0.1.0"
