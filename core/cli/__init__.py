"""The command line: each command parses, calls one function of core, and shows what that returned. Nothing is decided here.

Exit codes: 0 done; 2 bad input or usage, with one message and no traceback; 1 a defect of Upswing.

A module holds one group of commands. What a command needs of core is imported inside it: `upswing --help` loads neither torch nor
DuckDB nor Streamlit.
"""

from core.cli.app import main

__all__ = ["main"]
