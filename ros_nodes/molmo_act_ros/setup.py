"""What colcon calls to build the package; all settings are in setup.cfg."""

from setuptools import setup

setup()
