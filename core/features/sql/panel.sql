-- What is known and asked of each product, origin and segment? One row each; the features are written in from their records.
select
    p.as_of, p.product_id, p.segment,
    /* features */,
    cast(p.n_base as double) as n_base,
    cast(case when b.rising is not null then p.n_horizon end as double) as n_horizon,
    cast(case when b.rising is not null then p.expected end as double) as expected,
    b.rising, b.falling,
    cast(b.tail as double) as tail,
    cast(p.prior_a as double) as prior_a,
    cast(p.prior_b as double) as prior_b,
    cast(p.own_pace_orders as double) as own_pace_orders,
    cast(0.1 + (1 - p.year_ago_weight) * 1 * p.units_a_week + p.year_ago_weight * coalesce(w.wanted_year_ago_w1, 0) as float) as base_w1,
    cast(0.2 + (1 - p.year_ago_weight) * 2 * p.units_a_week + p.year_ago_weight * coalesce(w.wanted_year_ago_w2, 0) as float) as base_w2,
    cast(0.4 + (1 - p.year_ago_weight) * 4 * p.units_a_week + p.year_ago_weight * coalesce(w.wanted_year_ago_w4, 0) as float) as base_w4,
    cast(0.8 + (1 - p.year_ago_weight) * 8 * p.units_a_week + p.year_ago_weight * coalesce(w.wanted_year_ago_w8, 0) as float) as base_w8,
    cast(1.3 + (1 - p.year_ago_weight) * 13 * p.units_a_week + p.year_ago_weight * coalesce(w.wanted_year_ago_w13, 0) as float) as base_w13,
    cast(case when date_diff('day', p.as_of, cast($last_day as date)) >= 7 then coalesce(u.units_w1, 0) end as float) as units_w1,
    cast(case when date_diff('day', p.as_of, cast($last_day as date)) >= 14 then coalesce(u.units_w2, 0) end as float) as units_w2,
    cast(case when date_diff('day', p.as_of, cast($last_day as date)) >= 28 then coalesce(u.units_w4, 0) end as float) as units_w4,
    cast(case when date_diff('day', p.as_of, cast($last_day as date)) >= 56 then coalesce(u.units_w8, 0) end as float) as units_w8,
    cast(case when date_diff('day', p.as_of, cast($last_day as date)) >= 91 then coalesce(u.units_w13, 0) end as float) as units_w13
from (
    -- Seasonal-naive base, of units wanted: half its rate of the last 8 weeks, half the same weeks a year ago once it is a year old.
    select a.*, r.launched_on,
        cast(case when a.age_days >= 371 then 0.5 else 0 end as double) as year_ago_weight,
        coalesce(x.wanted_56d, 0) / nullif(a.base_length, 0) * 7 as units_a_week
    from own_rate as a
    inner join origin as o on a.as_of = o.as_of
    left join products as r on a.product_id = r.product_id
    left join windows as x on a.as_of = x.as_of and a.segment = x.segment and a.product_id = x.product_id
) as p
left join windows as w on p.as_of = w.as_of and p.segment = w.segment and p.product_id = w.product_id
left join past_lift as l on p.as_of = l.as_of and p.segment = l.segment and p.product_id = l.product_id
left join recent_lift as z on p.as_of = z.as_of and p.segment = z.segment and p.product_id = z.product_id
left join neighbour_lift as n on p.as_of = n.as_of and p.product_id = n.product_id
left join neighbour_activity as s on p.as_of = s.as_of and p.segment = s.segment and p.product_id = s.product_id
left join campaigns as c on p.as_of = c.as_of and p.product_id = c.product_id
left join stock_windows as k on p.as_of = k.as_of and p.product_id = k.product_id
left join market_series as m on p.as_of = m.as_of and p.product_id = m.product_id
left join calendar as y on p.as_of = y.as_of
left join outcomes as u on p.as_of = u.as_of and p.segment = u.segment and p.product_id = u.product_id
left join labels as b on p.as_of = b.as_of and p.segment = b.segment and p.product_id = b.product_id
cross join (
    select o.as_of as at,
        case when v.first_event <= o.as_of then 1 else 0 end as has_events,
        case when v.first_buyer <= o.as_of then 1 else 0 end as has_orders,
        case when v.first_promotion <= o.as_of then 1 else 0 end as has_promotions
    from origin as o cross join coverage as v
) as h
where h.at = p.as_of
