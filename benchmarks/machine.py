"""The machine and the versions that a figure belongs to."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from crosstie.data.processors import processors

PACKAGES = ("torch", "lightgbm", "scikit-learn", "onnxruntime", "duckdb", "pandas", "numpy")


def machine() -> str:
    """One line: processor, cores, memory, operating system, Python and packages."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {processors()} cores, {memory:.0f} GiB, {platform.system()}; "
        f"Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
