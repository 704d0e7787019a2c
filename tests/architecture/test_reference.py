"""The reference says what the code says."""

import pytest

from tests.architecture.reference.pages import COMMAND, FOLDER, PAGES, render


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    file = FOLDER / name
    written = file.read_text(encoding="utf-8") if file.exists() else ""
    assert written == render(name), (
        f"{file.name} is behind the code: run `{COMMAND}`, and commit it"
    )
