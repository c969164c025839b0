"""Supervox: segmentation."""
