"""Data about persons that earlier versions stored as attributes of customers: they go with the next import."""

from __future__ import annotations

from core.ingest.persons.column_names import BIRTH, POSTAL_CODE, attribute_kind, personal_kind
from core.ingest.store.rows import run

_COARSE = {BIRTH: "[^0-9]*[0-9]{1,2}([^0-9]+[0-9]{1,2})?[^0-9]*", POSTAL_CODE: ".{1,2}"}  # kind -> values that are bands and regions


def forget_persons(con) -> list[str]:
    """Delete the attributes of stored customers that may not enter by their names; return these names."""
    gone = []
    for (attribute,) in run(con, "select distinct attribute from customers order by attribute"):
        kind = attribute_kind(attribute)
        if kind is None and personal_kind(attribute, about_people=True):
            coarse = ""
        elif kind in _COARSE:
            coarse = _COARSE[kind]
        else:
            continue
        query = "delete from customers where attribute = $attribute and not regexp_full_match(coalesce(value, ''), $coarse) returning 1"
        if run(con, query, attribute=attribute, coarse=coarse):
            gone.append(attribute)
    return gone
