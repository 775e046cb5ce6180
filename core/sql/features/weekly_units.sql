-- How many units of each product were sold to all customers, week by week? Week 0 is the seven days up to $last_day, week 1 the
-- seven before ... Days after $last_day are not read; a week without a row sold nothing.
select
    product_id,
    cast(floor(date_diff('day', day, cast($last_day as date)) / 7) as integer) as weeks_ago,
    sum(units) as units
from daily
where day <= cast($last_day as date)
group by product_id, cast(floor(date_diff('day', day, cast($last_day as date)) / 7) as integer)
having sum(units) > 0
order by product_id, weeks_ago
