-- How much of these products was wanted, week by week: sold, or lost while it was out of stock? A week is named after its last day.
select product_id, week, units + coalesce(lost_units, 0) as units
from history
where segment = 'all' and list_contains($products, product_id)
order by product_id nulls last, week nulls last
