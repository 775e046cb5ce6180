-- Which lifts (log of realised to expected orders) are known at each origin, of windows that had fully passed by then?
-- recent: the window that ended at the origin; before: the one before it; year_ago: the very weeks to be predicted, last year;
-- year_ago_after: the window after those; year_ago_now: the window that ended a year before the origin; year_ago_near: the windows one and
-- two weeks to either side of those to be predicted.
-- Logs are averaged as whole billionths: sums of integers do not depend on the order in which threads add them.
with lifts as (
    select as_of, segment, product_id, cast(floor(ln((n_horizon + 1) / (expected + 1)) * 1e9) as bigint) as lift
    from own_rate
    where matured
),

final as (
    select
        o.as_of, l.segment, l.product_id,
        avg(case when date_diff('day', l.as_of, o.as_of) = $horizon_days then l.lift end) / 1e9 as recent,
        avg(case when date_diff('day', l.as_of, o.as_of) = 2 * $horizon_days then l.lift end) / 1e9 as before,
        avg(case when date_diff('day', l.as_of, o.as_of) = 364 then l.lift end) / 1e9 as year_ago,
        avg(case when date_diff('day', l.as_of, o.as_of) in (350, 357, 371, 378) then l.lift end) / 1e9 as year_ago_near,
        avg(case when date_diff('day', l.as_of, o.as_of) = 364 - $horizon_days then l.lift end) / 1e9 as year_ago_after,
        avg(case when date_diff('day', l.as_of, o.as_of) = 364 + $horizon_days then l.lift end) / 1e9 as year_ago_now
    from origin as o
    inner join lifts as l
        on date_diff('day', l.as_of, o.as_of)
            in ($horizon_days, 2 * $horizon_days, 364 - $horizon_days, 350, 357, 364, 371, 378, 364 + $horizon_days)
        and date_diff('day', l.as_of, o.as_of) >= $horizon_days
    group by o.as_of, l.segment, l.product_id
)

select * from final
