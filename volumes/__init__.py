"""Supervox: volumes."""
