"""The shape of a message: its text, with what varies in braces."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class InitShape:
    """What a class's `__init__` hands to its parent's."""

    parameters: tuple[str, ...]
    arguments: tuple[str, ...]
    """The shapes of what is handed on, in order."""

    @property
    def text(self) -> str:
        """The message, for a class whose parent takes it as it is."""
        return self.arguments[0] if self.arguments else ""

    def filled(self, arguments: Sequence[str]) -> str:
        """Return the message with these shapes in place of the first parameters."""
        text = self.text
        for name, argument in zip(self.parameters, arguments, strict=False):
            text = text.replace(f"{{{name}}}", argument)
        return text


def shape_of_init(node: ast.ClassDef) -> InitShape | None:
    """Return what the class's own `__init__` hands on; None if it has none."""
    for function in node.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            parameters = tuple(each.arg for each in function.args.args[1:])
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    return InitShape(parameters, tuple(shape(each) for each in call.args))
    return None


def shape(expression: ast.expr) -> str:
    """Return the text of an expression, with what varies in braces."""
    if isinstance(expression, ast.Constant):
        return str(expression.value)
    if isinstance(expression, ast.JoinedStr):
        return "".join(shape(part) for part in expression.values)
    if isinstance(expression, ast.FormattedValue):
        return _name(expression.value)
    if isinstance(expression, ast.BinOp):
        return shape(expression.left) + shape(expression.right)
    return _joined(expression) or _name(expression)


def _joined(expression: ast.expr) -> str:
    """Return the first text within a call such as `"; ".join(…)`."""
    texts = (node for node in ast.walk(expression) if isinstance(node, ast.JoinedStr))
    return next((shape(text) for text in texts), "")


def _name(expression: ast.expr) -> str:
    """Return the word that names a value, in braces; for a call, what it is called with."""
    if isinstance(expression, ast.Call) and expression.args:
        return _name(expression.args[0])
    words = [
        node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        for node in ast.walk(expression)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    named = [word for word in words if word and word != "self"]
    return f"{{{named[0].lstrip('_').lower() if named else '…'}}}"
