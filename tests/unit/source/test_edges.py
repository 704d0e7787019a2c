"""Who uses whom: what is found in code, and what is honestly not."""

import pytest

from tasks_schema.kinds import EdgeKind
from tests.support.source_trees import MemoryTree


def edges(sources: dict[str, str], *kinds: EdgeKind) -> set[str]:
    """Return edges as `from > to`, all of them or those of some kinds."""
    tree = MemoryTree.of(sources)
    return {
        f"{source} > {target}"
        for source, kind, target in tree.named(tree.edges)
        if not kinds or kind in kinds
    }


def calls(**sources: str) -> set[str]:
    files = {f"{name.replace('__', '/')}.py": source for name, source in sources.items()}
    return edges(files, EdgeKind.CALLS)


def test_a_call_goes_from_the_function_that_holds_it_to_the_one_it_calls() -> None:
    assert calls(
        m="def f(): pass\ndef g():\n    if f():\n        return [f() for _ in 'x']\nf()\n"
    ) == {
        "m.g > m.f",
        "m > m.f",
    }


def test_a_name_may_be_used_above_its_definition() -> None:
    assert calls(m="def g():\n    return f()\n\ndef f():\n    return g()\n") == {
        "m.g > m.f",
        "m.f > m.g",
    }


def test_a_function_that_calls_itself_is_its_own_caller() -> None:
    assert calls(m="def f(n):\n    return f(n - 1)\n") == {"m.f > m.f"}


@pytest.mark.parametrize(
    "body",
    [
        "def g(f):\n    f()\n",
        "def g():\n    f = 1\n    f()\n",
        "def g():\n    for f in []:\n        f()\n",
        "def g():\n    with x as (f, y):\n        f()\n",
        "def g():\n    return [f() for f in []]\n",
        "def g():\n    return lambda f: f()\n",
        "def g():\n    import f\n    f()\n",
        "def g(x):\n    match x:\n        case [f, *_]:\n            f()\n",
        "def g():\n    try:\n        pass\n    except x as f:\n        f()\n",
        "def g():\n    if (f := 1):\n        f()\n",
        "def g(*f, **k):\n    f()\n",
    ],
)
def test_a_local_name_hides_the_function_of_that_name(body: str) -> None:
    assert calls(m=f"def f(): pass\n{body}") == set()


def test_a_name_of_a_class_is_not_seen_from_its_methods() -> None:
    source = "def f(): pass\nclass C:\n    def f(self): pass\n    def g(self):\n        f()\n"
    assert calls(m=source) == {"m.C.g > m.f"}


def test_global_and_nonlocal_names_are_bound_further_out() -> None:
    source = """
class A:
    def go(self): pass

def outer():
    def inner():
        nonlocal a
        a = A()
    inner()
    a.go()

def setter():
    global b
    b = A()

def user():
    b.go()
"""
    assert {"m.outer > m.A.go", "m.user > m.A.go", "m.outer > m.outer.inner"} <= calls(m=source)


def test_members_are_found_through_self_cls_super_and_bases() -> None:
    source = """
class Base:
    def hook(self): pass
    def run(self):
        self.hook()
        self.only_below()

class Child(Base):
    def hook(self):
        super().hook()
    @classmethod
    def make(cls):
        return cls()
    def only_below(self):
        self.run()
        Child.make().hook()
"""
    assert calls(m=source) == {
        "m.Base.run > m.Base.hook",
        "m.Child.hook > m.Base.hook",
        "m.Child.only_below > m.Base.run",
        "m.Child.only_below > m.Child.make",
        "m.Child.make > m.Child",
    }
    assert edges({"m.py": source}, EdgeKind.INHERITS) == {"m.Child > m.Base"}


@pytest.mark.parametrize(
    "use",
    [
        "def use(s: Session):\n    s.renew()\n",
        "def use(s: 'Session | None' = None):\n    s.renew()\n".replace("'", ""),
        "def use(s: Optional[Session]):\n    s.renew()\n",
        "def use(s: 'Session'):\n    s.renew()\n",
        "def use():\n    s = Session()\n    s.renew()\n",
        "def use():\n    Session().renew()\n",
        "def use():\n    make().renew()\n",
        "def use():\n    with make() as s:\n        s.renew()\n",
        "def use():\n    holder = Holder(make())\n    holder.session.renew()\n",
        "def use(h: Holder):\n    h.current.renew()\n",
        "def use(h: Holder):\n    h.typed.renew()\n",
        "def use():\n    SHARED.renew()\n",
        "def use():\n    alias = Session.renew\n    alias(None)\n",
        "def use():\n    (make()).renew()\n",
        "def use():\n    Session.open().renew()\n",
    ],
)
def test_methods_are_found_on_objects_whose_class_is_written_down(use: str) -> None:
    source = """
class Session:
    def renew(self): pass
    @classmethod
    def open(cls) -> Self: pass

class Holder:
    typed: Session
    def __init__(self, session: Session):
        self.session = session
    @property
    def current(self) -> Session: pass

def make() -> Session: pass
SHARED = Session()
"""
    assert "m.use > m.Session.renew" in calls(m=source + use)


def test_a_call_of_a_class_is_one_of_its_init_too() -> None:
    assert calls(m="class A:\n    def __init__(self): pass\ndef f():\n    A()\n") == {
        "m.f > m.A",
        "m.f > m.A.__init__",
    }


@pytest.mark.parametrize(
    ("how", "call"),
    [
        ("import pkg.auth", "pkg.auth.check()"),
        ("import pkg.auth as a", "a.check()"),
        ("from pkg import auth", "auth.check()"),
        ("from pkg.auth import check", "check()"),
        ("from pkg.auth import check as c", "c()"),
        ("from pkg.auth import *", "check()"),
        ("from .auth import check", "check()"),
        ("from . import auth", "auth.check()"),
        ("from pkg import check", "check()"),
        ("from pkg import passed_on", "passed_on()"),
        ("import pkg", "pkg.check()"),
    ],
)
def test_calls_are_followed_across_imports(how: str, call: str) -> None:
    tree = {
        "src/pkg/__init__.py": "from .auth import check\nfrom pkg.auth import check as passed_on\n",
        "src/pkg/auth.py": "def check(): pass\n",
        "src/pkg/user.py": f"{how}\ndef use():\n    return {call}\n",
    }
    assert "pkg.user.use > pkg.auth.check" in edges(tree, EdgeKind.CALLS)
    assert any(each.startswith("pkg.user > pkg") for each in edges(tree, EdgeKind.IMPORTS)), (
        "the import itself is an edge"
    )


def test_packages_need_not_lie_at_the_root() -> None:
    tree = {
        "backend/pkg/auth.py": "def check(): pass\n",
        "backend/pkg/user.py": "from pkg.auth import check\ncheck()\n",
        "tools/helper.py": "def help_me(): pass\n",
        "tools/run.py": "import helper\nhelper.help_me()\n",
        "tools/json.py": "def dumps(): pass\n",
        "tools/other.py": "import json\njson.dumps()\n",
    }
    assert edges(tree, EdgeKind.CALLS) == {
        "backend.pkg.user > backend.pkg.auth.check",
        "tools.run > tools.helper.help_me",
    }


def test_uses_that_are_no_calls_are_edges_of_their_own() -> None:
    source = """
LIMIT = 3
class Error(Exception): pass
def mark(f): return f

@mark
def f(a: Error, b=LIMIT) -> "Error":
    raise Error from f"{LIMIT}"
"""
    assert edges({"m.py": source}, EdgeKind.USES) == {
        "m.f > m.mark",
        "m.f > m.Error",
        "m.f > m.LIMIT",
    }


def test_what_is_not_known_is_not_guessed() -> None:
    source = """
class Session:
    def renew(self): pass
def use(thing, things: list[Session]):
    thing.renew()
    for each in things:
        each.renew()
    getattr(thing, "renew")()
    {"a": Session()}["a"].renew()
"""
    assert calls(m=source) == {"m.use > m.Session"}


def test_names_that_lead_round_in_a_circle_lead_nowhere() -> None:
    tree = {
        "a.py": "from b import *\nfrom b import x\ny = z\nz = y\n"
        "class C(C): pass\ny.q()\nC().q()\n",
        "b.py": "from a import *\nfrom a import x\nx()\nx.y.z()\n",
    }
    found = edges(tree, EdgeKind.CALLS)
    assert found <= {"a > a.C", "a > a.y", "a > a.z"}


def test_code_that_is_damaged_or_absurd_is_survived() -> None:
    sources = {
        "deep.py": "x = " + "(" * 3000 + "f()" + ")" * 3000 + "\n",
        "long.py": "a" + ".b" * 5000 + "()\n",
        "calls.py": "f" + "()" * 5000 + "\n",
        "broken.py": "def f(:\n  ]]\nclass (x\nfrom import y\nimport\nfrom .......a import b\n",
        "empty.py": "",
        "star.py": "from . import *\nfrom .. import *\n",
        "nested.py": "".join(" " * n + f"def f{n}():\n" for n in range(90)) + " " * 90 + "f0()\n",
    }
    tree = MemoryTree.of(sources)
    assert ("nested.f0", EdgeKind.CALLS, "nested.f0") not in tree.named(tree.edges)
    assert tree.edges == tree.edges_from_scratch()
