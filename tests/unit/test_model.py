from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.models.demand import DemandHead, pinball
from core.models.network import GRADES, Dropout, FusionModel, Inputs, ModelConfig, loss

CONFIG = ModelConfig(columns={"momentum": (0, 1), "reviews": (2,), "price": (3,)}, text_width=6, segments=3, members=2, bins=4)
NAN = float("nan")


@pytest.fixture
def model() -> FusionModel:
    torch.manual_seed(0)
    model = FusionModel(CONFIG)
    random = np.random.default_rng(0)
    model.fit_inputs(
        random.normal(size=(200, 4)).astype(np.float32), random.normal(size=(20, 6)).astype(np.float32), (0.1, 0.05, *(0.5 for _ in GRADES))
    )
    for parameter in model.parameters():  # far from its tame start, so that what holds, holds by construction
        parameter.data.add_(torch.randn_like(parameter) * 0.5)
    return model.eval()


def inputs(n: int = 50, seed: int = 1) -> Inputs:
    random = torch.Generator().manual_seed(seed)
    return Inputs(
        x=3 * torch.randn(n, 4, generator=random),
        text=torch.randn(n, 6, generator=random),
        which=None,
        segment=torch.randint(0, 3, (n,), generator=random),
        base=torch.rand(n, 5, generator=random).cumsum(1) * 10,
    )


def test_demand_quantiles_never_cross_in_levels_or_weeks(model):
    demand = model(inputs(500)).demand
    assert demand.shape == (2, 500, 5, 9) and torch.isfinite(demand).all()
    assert (demand.diff(dim=2) >= 0).all() and (demand.diff(dim=3) >= 0).all()


def test_demand_stays_finite_where_the_base_says_nothing_was_ever_sold(model):
    batch = inputs(20)
    batch.base = torch.zeros_like(batch.base)
    assert torch.isfinite(model(batch).demand).all()


def test_far_weeks_follow_the_near_ones_until_something_is_known_of_them():
    torch.manual_seed(0)
    head, base = DemandHead(8, 16, (1, 2, 4, 8, 13), CONFIG.levels), 10 * torch.tensor([1.0, 2.0, 4.0, 8.0, 13.0]).repeat(20, 1)
    near = torch.full((20, 5), NAN)
    near[:, :3] = 30 * torch.tensor([1.0, 2.0, 4.0])  # three times the base; weeks 8 and 13 have not matured
    learning = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(200):
        learning.zero_grad()
        pinball(head(torch.ones(20, 8), base).unsqueeze(0), near, torch.ones(20), CONFIG.levels).backward()
        learning.step()
    median = torch.expm1(head(torch.ones(1, 8), base[:1]))[0, :, 3]
    assert median.tolist() == pytest.approx([30, 60, 120, 240, 390], rel=0.1)


@pytest.mark.parametrize(("age", "share"), [(0.0, 1.0), (56.0, 0.5), (504.0, 0.1)])
def test_a_text_counts_less_the_longer_its_product_has_been_on_sale(model, age, share):
    batch, place = inputs(4), CONFIG.drivers.index("text")
    terms, absent = model.terms(batch)[0]
    aged, _ = model.terms(replace(batch, age=torch.full((4,), age)))[0]
    torch.testing.assert_close(aged[:, place], absent[place] + share * (terms[:, place] - absent[place]))
    others = [i for i in range(len(CONFIG.drivers)) if i != place]
    torch.testing.assert_close(aged[:, others], terms[:, others])


def test_a_text_counts_wholly_at_any_age_where_the_recipe_says_so(model):
    net = FusionModel(replace(CONFIG, text_days=0.0))
    net.load_state_dict(model.state_dict())
    batch = inputs(4)
    old = net.eval()(replace(batch, age=torch.full((4,), 999.0)))
    torch.testing.assert_close(old.logits, model(batch).logits)


def test_two_products_that_differ_only_in_what_they_sell_have_quantiles_of_their_own(model):
    batch = inputs(2)
    batch.x[1], batch.text[1], batch.segment[1] = batch.x[0], batch.text[0], batch.segment[0]
    batch.base = torch.tensor([[1.0, 2.0, 4.0, 8.0, 13.0]]) * torch.tensor([[1.0], [1000.0]])
    spread = model(batch).demand[..., 7] - model(batch).demand[..., 5]
    assert not torch.allclose(spread[:, 0], spread[:, 1], rtol=0.05)


def test_a_driver_without_any_feature_is_its_absent_embedding(model):
    batch, place = inputs(), model.config.drivers.index("reviews")
    batch.x[:25, 2] = NAN
    before = model(batch).logits
    with torch.no_grad():
        for member in model.members:
            member.absent[place] += 1.0
    moved = (model(batch).logits - before).abs().amax(dim=(0, 2))
    assert (moved[:25] > 0).all() and (moved[25:] == 0).all()


def test_what_the_tower_learnt_does_not_matter_where_its_driver_is_absent(model):
    batch = inputs()
    batch.x[:, 2] = NAN
    before = model(batch).logits
    with torch.no_grad():
        for member in model.members:
            for parameter in member.numeric["reviews"].parameters():
                parameter.add_(1.0)
    assert torch.equal(model(batch).logits, before)


def test_a_blank_text_and_an_unknown_segment_are_absent(model):
    batch = inputs()
    batch.text[:10] = 0
    batch.segment[5:15] = -1
    present = model.present(batch)
    text, segment = (model.config.drivers.index(d) for d in ("text", "segment"))
    assert not present[:10, text].any() and present[10:, text].all()
    assert not present[5:15, segment].any() and present[15:, segment].all()


def test_one_missing_feature_does_not_make_its_driver_absent(model):
    batch = inputs()
    batch.x[:, 0] = NAN
    assert model.present(batch)[:, model.config.drivers.index("momentum")].all()
    assert torch.isfinite(model(batch).logits).all()


def test_shared_texts_give_the_same_as_one_text_a_row(model):
    batch = inputs(6)
    which = torch.tensor([0, 1, 0, 2, 1, 0])
    shared = Inputs(batch.x, batch.text[:3], which, batch.segment, batch.base)
    apart = Inputs(batch.x, batch.text[:3][which], None, batch.segment, batch.base)
    torch.testing.assert_close(model(shared).logits, model(apart).logits, rtol=1e-5, atol=1e-5)


def test_the_terms_of_the_drivers_add_up_to_the_logits(model):
    batch = inputs()
    batch.x[:20, 2] = NAN
    logits = torch.stack([m.probability(m.top(terms.sum(1) + m.fuse_bias)) for m, (terms, _) in zip(model.members, model.terms(batch))])
    torch.testing.assert_close(logits, model(batch).logits, atol=1e-4, rtol=1e-4)


def test_dropout_keeps_the_mean_drops_its_share_and_rests_outside_training():
    torch.manual_seed(0)
    layer, x = Dropout(0.3), torch.ones(1000, 37)
    out = layer(x)
    assert (out == 0).float().mean() == pytest.approx(0.3, abs=0.01) and out.mean() == pytest.approx(1.0, abs=0.01)
    assert (out == 0).float().mean(0).std() < 0.02  # every place of a word of eight bytes alike
    assert torch.equal(layer.eval()(x), x)


def test_driver_dropout_acts_in_training_only(model):
    batch = inputs()
    torch.testing.assert_close(model(batch).logits, model(batch).logits, atol=0, rtol=0)
    present = torch.ones(4000, len(model.config.drivers), dtype=torch.bool)
    kept = model._kept(present)
    assert kept.all(dim=1).float().mean() > 0.5  # half of the rows are left whole, and a few more by chance
    assert kept.float().mean() == pytest.approx(0.75, abs=0.02)  # in the other half every second driver goes
    assert (~kept).all(dim=1).any()


def test_codes_grow_with_the_value_and_missing_is_flagged(model):
    x = torch.tensor([[-2.0, 0, 0, 0], [0.0, 0, 0, 0], [2.0, 0, 0, 0], [NAN, 0, 0, 0]])
    codes = model.encoding(x)["momentum"]
    first = codes[:, :4]
    assert (first.diff(dim=0)[:2] >= 0).all() and (first[2] > first[0]).any()
    assert codes[3, :4].tolist() == [0, 0, 0, 0] and codes[3, 8] == 0 and codes[3, 10] == 1 and codes[2, 10] == 0


def test_a_feature_with_one_value_only_tells_nothing_and_breaks_nothing():
    model = FusionModel(ModelConfig(columns={"price": (0,)}, members=1))
    model.fit_inputs(np.ones((50, 1), dtype=np.float32), None, (0.1,) * (2 + len(GRADES)))
    codes = model.encoding(torch.tensor([[1.0], [NAN]]))["price"]
    assert torch.isfinite(codes).all() and codes[0].abs().sum() == 0


def test_what_has_not_matured_adds_nothing_to_the_loss(model):
    outputs = model(inputs(4))
    y, units, one = torch.tensor([1.0, 0, 1, 0]), torch.ones(4, 5), torch.ones(4)
    whole = loss(outputs, y, y, units, y, one, CONFIG.levels)
    half = loss(type(outputs)(outputs.logits[:, :2], outputs.demand[:, :2]), y[:2], y[:2], units[:2], y[:2], one[:2], CONFIG.levels)
    masked = torch.tensor([True, True, False, False])
    known, known_units = torch.where(masked, y, NAN), torch.where(masked[:, None], units, NAN)
    part = loss(outputs, known, known, known_units, known, one, CONFIG.levels)
    torch.testing.assert_close(part, half)
    assert part != whole
    nothing = loss(
        outputs, torch.full((4,), NAN), torch.full((4,), NAN), torch.full((4, 5), NAN), torch.full((4,), NAN), one, CONFIG.levels
    )
    assert nothing == 0


def test_pinball_is_smallest_at_the_quantile():
    units = torch.poisson(torch.full((4000, 1), 20.0), generator=torch.Generator().manual_seed(0))
    at = lambda q: pinball(torch.log1p(torch.full((1, 4000, 1, 1), q)), units, torch.ones(4000), (0.9,))
    best = torch.quantile(units, 0.9).item()
    assert at(best) < at(best - 3) and at(best) < at(best + 3)


def test_a_config_survives_json():
    import json

    assert ModelConfig.from_dict(json.loads(json.dumps(CONFIG.as_dict()))) == CONFIG
