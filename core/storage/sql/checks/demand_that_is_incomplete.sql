-- Some forecasts lack demand quantiles for a horizon or a level.
with given as (
    select product_id, segment, count(*) as quantiles
    from read_parquet($demand)
    where list_contains($weeks, weeks) and list_contains($levels, level)
    group by product_id, segment
)
select f.product_id, f.segment, coalesce(g.quantiles, 0) as quantiles
from read_parquet($forecasts) as f
left join given as g on g.product_id = f.product_id and g.segment = f.segment
where coalesce(g.quantiles, 0) <> len($weeks) * len($levels)
