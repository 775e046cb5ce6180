-- How much of these products was sold, week by week? A week is named after its last day.
select product_id, week, units
from history
where segment = 'all' and list_contains($products, product_id)
order by product_id, week
