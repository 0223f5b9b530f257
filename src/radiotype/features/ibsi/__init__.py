"""Features standardised by the Image Biomarker Standardisation Initiative (IBSI)."""
