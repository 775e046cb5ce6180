-- How does each segment's buying develop? Orders a week over that segment's own average of the period (1 = as usual).
with weekly as (
    select h.segment, h.week, sum(h.orders) as orders
    from history h join products p using (product_id)
    where h.week > (select max(as_of) from meta) - 7 * $weeks and ($category = '' or p.category = $category)
    group by h.segment, h.week
)
select segment, week, orders, orders / nullif(avg(orders) over (partition by segment), 0) as pace
from weekly
order by segment nulls last, week nulls last
