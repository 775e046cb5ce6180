"""`python -m core` is the console script `upswing`."""

from core.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
