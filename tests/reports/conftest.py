"""Reports are made of projects: those of the project's tests."""

from tests.project.conftest import finished, home, sample

__all__ = ["finished", "home", "sample"]
