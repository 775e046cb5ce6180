-- What did everybody buy of each product, day by day, from $from_day to $until_day? A day without a row sold nothing.
select product_id, cast(date_diff('day', cast($from_day as date), day) as integer) as day, sum(units) as units
from daily
where day >= cast($from_day as date) and day <= cast($until_day as date)
group by product_id, day
having sum(units) > 0
order by product_id, day
