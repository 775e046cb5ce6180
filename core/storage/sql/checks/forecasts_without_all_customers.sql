-- Some products have forecasts for segments and none for all customers.
select product_id, count(*) as segments
from read_parquet($forecasts)
group by product_id
having count(*) filter (where segment = 'all') = 0
