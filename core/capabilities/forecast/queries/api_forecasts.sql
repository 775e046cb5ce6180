-- What is forecast, for other programs: all customers first, then the segments by name; in each, the highest chances first.
with expected as (
    select product_id, segment, max(case when level = 0.1 then units end) as units_low, max(case when level = 0.5 then units end) as units,
        max(case when level = 0.9 then units end) as units_high
    from demand
    where weeks = 4
    group by product_id, segment
)
select f.product_id, p.title, f.segment, f.rising_probability, f.falling_probability, e.units_low, e.units, e.units_high
from forecasts f
join products p on p.product_id = f.product_id
left join expected e on e.product_id = f.product_id and e.segment = f.segment
order by f.segment = 'all' desc nulls last, f.segment nulls last, f.rising_probability desc nulls last, f.product_id nulls last
