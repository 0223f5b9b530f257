"""Spherical-harmonic shape of a region."""
