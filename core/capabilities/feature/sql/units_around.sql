-- What did all customers buy around each forecast (table forecast: as_of, product_id)? Units up to and with that day, of the weeks after
-- it, and of the same weeks a year before. $base_days: as in the labels.
with days as (
    select f.as_of, f.product_id, d.units, date_diff('day', f.as_of, d.day) as ahead
    from forecast as f
    inner join all_days as d on f.product_id = d.product_id
    where date_diff('day', f.as_of, d.day) between -391 and 28
)

select as_of, product_id,
    sum(case when ahead between 1 and 28 then units else 0 end) as units,
    sum(case when ahead between -27 and 0 then units else 0 end) as units_28d,
    sum(case when ahead between -13 and 0 then units else 0 end) as units_14d,
    sum(case when ahead between -6 and 0 then units else 0 end) as units_7d,
    sum(case when ahead between -363 and -336 then units else 0 end) as units_year_ago,
    sum(case when ahead between 1 - $base_days and 0 then units else 0 end) as units_base
from days
group by as_of, product_id
order by as_of nulls last, product_id nulls last
