-- forecasts: a product has segments but no forecast for everyone
select product_id, count(*) as segments
from read_parquet($forecasts)
group by product_id
having count(*) filter (where segment = 'all') = 0
