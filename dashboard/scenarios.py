"""What-if scenarios: those that were kept, what they come to, and the orders that they suggest."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from core.capabilities.inventory.control import Rules
from core.storage.state import State
from dashboard import data


def kept() -> dict[str, plans.Scenario]:
    """What-if scenarios that were kept, by name."""
    return {view.name: plans.Scenario(**view.choices) for view in State(data.workspace()).views(data.SCENARIOS)}


def outlook(products: pd.Series, asked: dict, scenario: plans.Scenario) -> plans.Outlook:
    """Return what these products, which the filters `asked` leave, come to under a scenario. Planners' quantities change neither."""
    terms = data.basis_key()
    return _outlook(st.session_state["_snapshot"], data.inventory_rules(), terms, asked, scenario, data.basis(), products)


@st.cache_data(max_entries=32, show_spinner=False)
def _outlook(
    folder: str, rules: Rules, ids: tuple, asked: dict, scenario: plans.Scenario, _based: plans.Basis, _products: pd.Series
) -> plans.Outlook:
    return plans.outlook(_based, pd.Index(_based.products.product_id).get_indexer(_products), scenario)


def scenario_orders(products: pd.Series, asked: dict, scenario: plans.Scenario) -> pd.Series:
    """Return the units to order of these products, which the filters `asked` leave, under a scenario."""
    return _scenario_orders(
        st.session_state["_snapshot"], data.inventory_rules(), data.basis_key(), asked, scenario, data.basis(), products
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _scenario_orders(
    folder: str, rules: Rules, key: tuple, asked: dict, scenario: plans.Scenario, _based: plans.Basis, _products: pd.Series
) -> pd.Series:
    return plans.scenario_orders(_based, pd.Index(_based.products.product_id).get_indexer(_products), scenario)
