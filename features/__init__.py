"""Supervox: features."""
