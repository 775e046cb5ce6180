-- What did everybody want of each product, sold or lost while out of stock, from $from_day to $until_day? A day without a row: nothing.
select product_id, cast(date_diff('day', cast($from_day as date), day) as integer) as day, sum(units + lost_units) as units
from daily_wanted
where day >= cast($from_day as date) and day <= cast($until_day as date)
group by product_id, day
having sum(units + lost_units) > 0
order by product_id nulls last, day nulls last
