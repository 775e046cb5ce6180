-- What was wanted after the origin (sold, or lost while out of stock), cumulated over 1, 2, 4, 8 and 13 weeks?
with ahead_days as (
    select o.as_of, 'all' as segment, d.product_id, d.units + d.lost_units as units, date_diff('day', o.as_of, d.day) as ahead
    from origin as o
    inner join all_days as d on d.day > o.as_of and date_diff('day', o.as_of, d.day) <= 91
    where d.units + d.lost_units > 0
    union all
    select s.as_of, s.segment, d.product_id, d.units + d.lost_units as units, date_diff('day', s.as_of, d.day) as ahead
    from origin as o
    inner join segment_of as s on o.as_of = s.as_of
    inner join daily_wanted as d on d.value = s.value and d.day > s.as_of and date_diff('day', s.as_of, d.day) <= 91
    where d.units + d.lost_units > 0
)

select as_of, segment, product_id,
    sum(units) filter (where ahead <= 7) as units_w1,
    sum(units) filter (where ahead <= 14) as units_w2,
    sum(units) filter (where ahead <= 28) as units_w4,
    sum(units) filter (where ahead <= 56) as units_w8,
    sum(units) as units_w13
from ahead_days
group by as_of, segment, product_id
