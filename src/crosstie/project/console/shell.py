"""The console in IPython: in a terminal, and by `%load_ext crosstie` in a notebook."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from crosstie.errors import CrosstieError, MissingExtra
from crosstie.project.console.session import Session
from crosstie.project.place import Project


def start(session: Session, code: str | None = None) -> int:
    """Open a console and stay until it is left.

    Args:
        session: What is at hand in it.
        code: Run this instead, and return.

    Returns:
        0; 1 if the code failed.

    Raises:
        MissingExtra: IPython is not installed.
    """
    try:
        from IPython.terminal.ipapp import TerminalIPythonApp  # 400 ms
        from traitlets.config import Config
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "console", needed_for="a console") from None
    config = Config()
    config.TerminalIPythonApp.display_banner = False
    if code is not None:
        config.HistoryManager.enabled = False
    app: Any = TerminalIPythonApp.instance(config=config)
    app.initialize([])
    install(app.shell, session)
    if code is not None:
        return 0 if app.shell.run_cell(code).success else 1
    app.shell.show_banner(session.banner() + "\n\n")
    if session.read_only:
        app.shell.prompts = _prompts(app.shell, session.environment)
    app.start()
    return 0


def install(shell: Any, session: Session) -> None:
    """Put what is at hand into a shell, whose modules are then read anew whenever their files change.

    Args:
        shell: IPython's.
        session: What is at hand.
    """
    show_mistakes(shell)
    root = str(session.project.root)
    if root not in sys.path:
        sys.path.insert(0, root)  # steps import modules from there
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2")
    shell.push(session.names(), interactive=False)


def load(shell: Any) -> None:
    """`%load_ext crosstie`: the project around the current folder, in the environment of CROSSTIE_ENV.

    Raises:
        ProjectError: There is none.
    """
    show_mistakes(shell)
    session = Session(Project.find())
    install(shell, session)
    print(session.banner())  # noqa: T201 - in the notebook's output


def show_mistakes(shell: Any) -> None:
    """Have a shell show what a user can mend as lines, without a traceback."""

    def show(
        _shell: Any,
        _kind: type[BaseException],
        error: CrosstieError,
        _traceback: TracebackType,
        tb_offset: int | None = None,
    ) -> Sequence[str]:
        lines = [f"error: {each}" for each in error.problems]
        sys.stdout.flush()  # where both go to one file, lines stand in the order of what they tell
        print(*lines, sep="\n", file=sys.stderr)  # noqa: T201 - where IPython shows tracebacks, too
        return lines

    shell.set_custom_exc((CrosstieError,), show)


def _prompts(shell: Any, environment: str) -> Any:
    """Prompts that say where one is."""
    from IPython.terminal.prompts import Prompts
    from pygments.token import Token

    class Said(Prompts):  # type: ignore[misc]  # IPython is not read
        def in_prompt_tokens(self) -> Any:
            return [(Token.Prompt, f"{environment} "), *super().in_prompt_tokens()]

    return Said(shell)
