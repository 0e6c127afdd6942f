"""What colcon calls to build the package; everything is said in setup.cfg."""

from setuptools import setup

setup()
