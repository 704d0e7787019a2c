"""Write the generated pages: `python -m tests.architecture.reference`, or `make docs`."""

import sys

from tests.architecture.reference.pages import FOLDER, PAGES, render


def main() -> None:
    """Write each page that differs from what the code says, and name it."""
    for name in PAGES:
        file, text = FOLDER / name, render(name)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {file.relative_to(FOLDER.parents[1])}\n")


if __name__ == "__main__":
    main()
