"""Which folders a wheel holds. Everything else about the distribution is in pyproject.toml.

A wheel installs two packages, core and dashboard. The folders pages/ and sample_data/files/ go inside them: as packages of their own,
`pages` and `sample_data` would take names that any other distribution may use.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["core", "core.*", "dashboard", "dashboard.*"]), "core.sample_data", "dashboard.pages"],
    package_dir={"core.sample_data": "sample_data/files", "dashboard.pages": "pages"},
)
