"""Supervox: sample_data."""
