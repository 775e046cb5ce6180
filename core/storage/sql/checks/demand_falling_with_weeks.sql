-- Some cumulative demand shrinks from one horizon to the next.
with steps as (
    select product_id, segment, weeks, level, units, lag(units) over fewer_weeks as units_of_fewer_weeks
    from read_parquet($demand)
    window fewer_weeks as (partition by product_id, segment, level order by weeks nulls last)
)
select product_id, segment, weeks, level, units, units_of_fewer_weeks
from steps
where units < units_of_fewer_weeks - 1e-6 * (1 + abs(units_of_fewer_weeks))
