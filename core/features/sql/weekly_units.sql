-- How many units of each product did all customers want (bought, or could not buy while it was out of stock), week by week? Week 0 is
-- the seven days up to $last_day, week 1 the seven before ... Days after $last_day are not read; in a week without a row nobody did.
select
    product_id,
    cast(floor(date_diff('day', day, cast($last_day as date)) / 7) as integer) as weeks_ago,
    sum(units + lost_units) as units
from daily_wanted
where day <= cast($last_day as date)
group by product_id, cast(floor(date_diff('day', day, cast($last_day as date)) / 7) as integer)
having sum(units + lost_units) > 0
order by product_id nulls last, weeks_ago nulls last
