-- Some demand quantiles are negative.
select product_id, segment, weeks, level, units
from read_parquet($demand)
where units < 0
