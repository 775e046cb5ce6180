-- Some demand quantiles are below those of a lower level.
with steps as (
    select product_id, segment, weeks, level, units, lag(units) over lower_level as units_of_lower_level
    from read_parquet($demand)
    window lower_level as (partition by product_id, segment, weeks order by level nulls last)
)
select product_id, segment, weeks, level, units, units_of_lower_level
from steps
where units < units_of_lower_level - 1e-6 * (1 + abs(units_of_lower_level))
