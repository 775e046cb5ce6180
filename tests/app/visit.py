"""What a visitor sees of a page, for tests to look into."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard import registry

PAGES = tuple(registry.pages())


def words(at: AppTest) -> str:
    """Everything that a page says outside tables and charts."""
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.error, at.warning, at.metric, at.code)
    said = [str(e.value) for kind in kinds for e in kind] + [e.label for e in at.metric] + [b.label for b in at.button]
    said += [t.proto.title for t in (*at.info, *at.error)] + [str(t.value.to_dict()) for t in at.table]
    return "\n".join(said)
