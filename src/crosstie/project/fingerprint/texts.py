"""What can be told of a text before it is made: the beginning of a module's name, a path."""

import ast

_JOINS = frozenset({"Path", "join"})
_OPENS = frozenset({"dataset", "glob", "iglob", "listdir", "open", "rglob", "scandir", "walk"})


def beginning(node: ast.expr | None) -> str:
    """As much of a text as is known before it runs: whole, or up to where a value comes in, then with an asterisk."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return f"{text}*"
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
            return f"{text}*"
    return "*"


def path_of(node: ast.expr) -> str:
    """What is known of a path: `data/a.csv` in `Path("data") / "a.csv"`, and in `HERE / "data" / "a.csv"`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return f"{text}*"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            before, after = path_of(left).rstrip("/"), path_of(right)
            return f"{before}/{after}" if before and after else after
        case ast.Call(func=ast.Attribute(value=before, attr="joinpath"), args=args):
            return "/".join(filter(None, map(path_of, [before, *args])))
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args):
            if name in _JOINS:
                return "/".join(filter(None, map(path_of, args)))
            if name in _OPENS or name.startswith(("read_", "scan_")):
                return path_of(args[0]) if args else ""
    return ""
