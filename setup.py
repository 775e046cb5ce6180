"""Which folders a wheel holds. Everything else about the distribution is in pyproject.toml.

A wheel installs two packages, core and dashboard. The folders pages/, sample_data/files/ and sample_data/pictures/ go inside them: as
packages of their own, `pages` and `sample_data` would take names that any other distribution may use. The pages are in dashboard/_pages
there: a folder named `pages` beside its script is one that Streamlit lists by itself, before the script has run.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["core", "core.*", "dashboard", "dashboard.*"]),
        "core.sample_data",
        "core.sample_pictures",
        "dashboard._pages",
    ],
    package_dir={"core.sample_data": "sample_data/files", "core.sample_pictures": "sample_data/pictures", "dashboard._pages": "pages"},
)
