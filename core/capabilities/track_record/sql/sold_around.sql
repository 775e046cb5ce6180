-- What was sold of each product around each update: in $base_days up to it, and in $horizon_days after it?
with days as (
    select o.as_of, 'all' as segment, d.product_id, d.units, d.revenue_cents, d.priced_units, date_diff('day', o.as_of, d.day) as ahead
    from origin as o
    inner join all_days as d on date_diff('day', d.day, o.as_of) < $base_days and date_diff('day', o.as_of, d.day) <= $horizon_days
    union all
    select s.as_of, s.segment, d.product_id, d.units, d.revenue_cents, d.priced_units, date_diff('day', s.as_of, d.day) as ahead
    from origin as o
    inner join segment_of as s on o.as_of = s.as_of
    inner join daily as d
        on d.value = s.value and date_diff('day', d.day, s.as_of) < $base_days and date_diff('day', s.as_of, d.day) <= $horizon_days
)

select as_of, segment, product_id,
    sum(case when ahead <= 0 then units end) as base_units,
    sum(case when ahead > 0 then units end) as sold_units,
    sum(case when ahead > 0 then revenue_cents end) as revenue_cents,
    sum(case when ahead > 0 then priced_units end) as priced_units
from days
group by as_of, segment, product_id
