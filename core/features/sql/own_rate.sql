-- What is the label of each (origin, segment, product) with a sale in the last $recent_sale_days made of?
-- n_base, n_horizon: orders in the base and horizon windows; prior_a, prior_b, growth, expected: own rate after the shop's growth.
-- dispersion: the median of (n1 - E)^2 / (E (1 + 28 G / (b + B))) at the origin 28 days earlier gives phi.
with all_customers as (
    select product_id, day, sum(interest) as interest
    from daily
    where interest > 0
    group by product_id, day
),

counts as (
    select o.as_of, 'all' as segment, d.product_id,
        sum(case when d.day <= o.as_of and date_diff('day', d.day, o.as_of) < $base_days then d.interest else 0 end) as n_base,
        sum(case when d.day > o.as_of then d.interest else 0 end) as n_horizon,
        max(case when d.day <= o.as_of then 1 else 0 end) as sold_recently
    from every_origin as o
    inner join all_customers as d
        on date_diff('day', d.day, o.as_of) < $recent_sale_days and date_diff('day', o.as_of, d.day) <= $horizon_days
    group by o.as_of, d.product_id
    union all
    select s.as_of, s.segment, d.product_id,
        sum(case when d.day <= s.as_of and date_diff('day', d.day, s.as_of) < $base_days then d.interest else 0 end) as n_base,
        sum(case when d.day > s.as_of then d.interest else 0 end) as n_horizon,
        max(case when d.day <= s.as_of then 1 else 0 end) as sold_recently
    from segment_of as s
    inner join daily as d
        on d.value = s.value
        and date_diff('day', d.day, s.as_of) < $recent_sale_days and date_diff('day', s.as_of, d.day) <= $horizon_days
    where d.interest > 0
    group by s.as_of, s.segment, d.product_id
),

value_starts as (
    select product_id, value, min(day) as first_day
    from daily
    where interest > 0
    group by product_id, value
),

starts as (
    select product_id, 'all' as segment, cast(null as date) as as_of, min(first_day) as first_day
    from value_starts
    group by product_id
    union all
    select v.product_id, s.segment, s.as_of, min(v.first_day) as first_day
    from segment_of as s
    inner join value_starts as v on s.value = v.value
    group by v.product_id, s.segment, s.as_of
),

known as (
    select
        c.as_of, c.segment, c.product_id, c.n_base,
        case when date_diff('day', c.as_of, cast($last_day as date)) >= $horizon_days then c.n_horizon end as n_horizon,
        st.first_day,
        date_diff('day', st.first_day, c.as_of) as age_days,
        least($base_days, date_diff('day', st.first_day, c.as_of) + 1) as base_length,
        case when h.known_days > 0 and h.instock_days < $min_instock_share * h.known_days then false else true end as in_stock
    from counts as c
    inner join starts as st on c.product_id = st.product_id and c.segment = st.segment and (st.as_of is null or c.as_of = st.as_of)
    left join horizon_stock as h on c.as_of = h.as_of and c.product_id = h.product_id
    where c.sold_recently = 1 and date_diff('day', st.first_day, c.as_of) >= $min_age_days
),

-- Where the horizon has not passed, the stock in it is unknown too, and the prior is that of all products.
eligible as (
    select *, n_horizon is not null and in_stock as matured, n_horizon is null or in_stock as counted
    from known
),

moments as (
    select
        as_of, segment,
        avg(n_base / nullif(base_length, 0)) as m,
        var_pop(n_base / nullif(base_length, 0)) as v,
        avg(n_base / nullif(base_length * base_length, 0)) as noise,
        (sum(n_horizon) / $horizon_days) / nullif(sum(n_base) / $base_days, 0) as growth,
        count(*) as products
    from eligible
    where counted
    group by as_of, segment
),

priors as (
    select as_of, segment, growth, products, m / greatest(v - noise, 1e-9) as prior_b, m * (m / greatest(v - noise, 1e-9)) as prior_a
    from moments
),

rated as (
    select
        f.as_of, f.segment, f.product_id, f.n_base, f.n_horizon, f.first_day, f.age_days, f.base_length, f.matured,
        p.prior_a, p.prior_b, p.growth, p.products,
        (p.prior_a + f.n_base) / nullif(p.prior_b + f.base_length, 0) * $horizon_days as own_pace_orders,
        case when f.matured then (p.prior_a + f.n_base) / nullif(p.prior_b + f.base_length, 0) * p.growth * $horizon_days end as expected
    from eligible as f
    inner join priors as p on f.as_of = p.as_of and f.segment = p.segment
),

dispersion as (
    select as_of, segment, count(*) as products,
        median((n_horizon - expected) * (n_horizon - expected)
            / nullif(expected * (1 + $horizon_days * growth / nullif(prior_b + base_length, 0)), 0)) as median_residual
    from rated
    where matured
    group by as_of, segment
),

final as (
    select
        p.*,
        case when s.products >= 50 then greatest(cast(1 as double), s.median_residual / 0.4549) else cast(1 as double) end as phi
    from rated as p
    left join dispersion as s on p.segment = s.segment and date_diff('day', s.as_of, p.as_of) = $horizon_days
)

select * from final
