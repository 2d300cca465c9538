"""`python -m dev <command>`."""

from dev.cli import main

if __name__ == "__main__":
    main()
