-- What moves forecasts over the whole shop? Mean size of each driver's part, and which way it pushes today's top risers.
with leaders as (
    select product_id from forecasts where segment = $segment order by rising_probability desc nulls last, product_id nulls last limit $leaders
)
select driver, avg(abs(attribution)) as strength,
    avg(abs(attribution)) / nullif(sum(avg(abs(attribution))) over (), 0) as share,
    avg(attribution) filter (where product_id in (select product_id from leaders)) as push_on_leaders,
    count(*) as forecasts
from attributions
where segment = $segment
group by driver
order by strength desc nulls last, driver nulls last
